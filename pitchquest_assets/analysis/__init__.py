"""The pure core, values in, values out: no files, Dagster, SQL or vendors; runs in a notebook.

Imports `media` and `model`; may be imported by engines, assets and the report.
"""
