"""The HTML report of one result, and the plots of drift.

Imports `analysis` and `model`; may be imported by assets and `cli`.
"""
