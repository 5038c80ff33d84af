"""`make bench`: the budgets of the design, measured on the running site."""
