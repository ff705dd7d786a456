"""A whole site in one file: its format, writing and reading it. What is done with it is in `transfer/backup.py`."""
