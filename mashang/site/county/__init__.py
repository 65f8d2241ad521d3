"""The demo county's past year: invented cases, made through the actions with the clock turned back.

Every case is walked from its opening to the present before the next one begins, so that whoever stops the making in
between leaves at most one case unfinished. Lower rooms can't do this: it takes all of them.
"""
