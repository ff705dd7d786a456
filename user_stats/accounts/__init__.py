"""How people and programs prove who they are: passwords, sessions, codes, keys. `accounts.py` has it all together."""
