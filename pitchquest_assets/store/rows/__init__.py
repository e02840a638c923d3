"""One module per table, or per use of one: all SQL of the pipeline.

May be imported by the store, assets, automation and `cli`.
"""
