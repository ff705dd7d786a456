"""The engine on PostgreSQL 13 or newer: `engine.py` is the store, `transactions.py` one unit of work, `tables.py` what
lies in the database, `values.py` how fields compare, `commits.py` how nothing counts twice, `connections.py`, `pool.py`
and `failures.py` how the server is reached and what becomes of its errors.

Records and entries are kept as the JSON text that was put, in a table for each collection and log of the schema
`user_stats`; what is searched and sorted by stands beside it in columns with indexes.
"""
