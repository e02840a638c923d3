"""The one door to the database and the objects.

Imports `model`, `settings` and `errors`; assets, automation and `cli` may import it.
"""
