"""The pure core: values in, values out. No file, no Dagster, no SQL, no vendor: fit for a notebook.

Imports `media` and `model`; engines, assets and the report may import it.
"""
