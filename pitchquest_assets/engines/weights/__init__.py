"""Model files: which are pinned, how they are fetched and checked, where they compute.

May be imported by the other engines, assets and `cli`.
"""
