"""Mail to people: who is told what, when, and that nobody is told twice."""
