"""The commands of `python -m user_stats`, a file for each family; `user_stats/__main__.py` puts them together."""
