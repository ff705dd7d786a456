"""The engine on Redis 6.2 or newer, or Valkey: `engine.py` is the store, `transactions.py` one unit of work,
`script.py` how it is committed, `server.py` how the server is reached, `whole.py` the store at one moment.

Everything lies in the server's memory. What it keeps of it in a crash is what its append-only file has; see
`server.py` for what is asked of it.
"""
