"""How to call a vendor: clients, retries, errors, prices, budgets.

May be imported by the other engines, assets and `cli`.
"""
