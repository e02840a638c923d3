"""The nine assets, one module each, and their checks: thin, over `analysis`, `media` and `engines`.

Only `definitions` and `cli` import from here.
"""
