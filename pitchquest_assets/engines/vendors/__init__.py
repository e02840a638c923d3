"""How a vendor is called: retries, errors, prices, budgets.

May be imported by the other engines, assets and `cli`.
"""
