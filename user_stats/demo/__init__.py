"""Believable made-up people and activity from a seed, marked so that all of it can be taken out again.

`catalogue.py` is what there is to watch, `people.py` who they are, `lives.py` and `habits.py`
what they do day by day, `belongings.py` what they have, `acquaintances.py` whom
they know, `cast.py` all of them in groups; `demo.py` puts it all into a store and takes it out.
"""

from user_stats.demo.demo import Demo, Made

__all__ = ["Demo", "Made"]
