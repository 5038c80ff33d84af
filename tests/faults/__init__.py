"""Faults under load: `make faults`, or `python -m tests.faults --rounds 50 --seed 1`.

`site.py` has the processes, and what keeps them running; `crowd.py` who works meanwhile;
`kinds.py` what is done to them. `__main__.py` plays it round for round, and looks after each
whether all is there that was answered.
"""
