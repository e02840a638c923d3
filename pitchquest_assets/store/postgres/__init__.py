"""PostgreSQL: the embedded server, connections, migrations.

May be imported by the store and `cli`.
"""
