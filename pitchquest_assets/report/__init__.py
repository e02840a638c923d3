"""The HTML report of one result, and the plots of drift.

Imports `analysis` and `model`; assets and `cli` may import it.
"""
