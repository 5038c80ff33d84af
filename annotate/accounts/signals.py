"""What other apps may want to hear of an account."""

from django.dispatch import Signal

# Sent inside the transaction: `user`; `what` of it, "role", "active" or "second factor";
# `before` and `after`; `by` whom, None for a command.
person_changed = Signal()
