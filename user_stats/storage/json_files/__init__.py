"""The JSON engine: a folder of plain JSON files with the speed and the safety of a database.

`engine.py` is the store that others use; `slots.py` and `arrays.py` know the two file layouts, `slot_plans.py` and
`array_plans.py` what is to change in them, `indexes.py` what is kept in memory for searches, `transactions.py` what a
batch of work reads and plans, `journal.py` and `state.py` what makes it whole, `writes.py` how changes reach the files,
`lock.py` who may write, `recovery.py` what happens after a crash, `repair.py` what is done about damage, `disk.py`
every file operation there is.
"""
