"""The 53 statistics: a catalogue of pure functions of records.

Ask `statistics.service.Statistics` (`bootstrap.get_statistics`) for them; `catalogue.py` lists them, one module for
each of the nine groups computes them. What is kept at write time is in `rollups.py` beside the activity log.
"""
