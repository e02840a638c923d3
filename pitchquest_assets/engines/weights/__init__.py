"""Model files: which are pinned, how they are fetched and checked, and on which device they run.

May be imported by the other engines, assets and `cli`.
"""
