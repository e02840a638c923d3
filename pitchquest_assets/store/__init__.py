"""The only way to the database and the objects: all SQL, all of Storage, the IO manager.

Imports `model`, `settings`, `errors`, `vendor_calls`; assets, automation and `cli` may import it.
"""
