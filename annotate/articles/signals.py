"""What other apps may want to hear of an article."""

from django.dispatch import Signal

# Sent inside the transaction: a new `article`, put in by `by`, None for a command.
imported = Signal()

# Sent inside the transaction, the article locked: `article`, `before` and `after`, `by` whom.
status_changed = Signal()
