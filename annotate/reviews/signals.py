"""What other apps may want to hear of a round."""

from django.dispatch import Signal

# Sent inside the transaction, the article locked; `round` is the new round.
round_opened = Signal()

# Sent inside the transaction: new parts of a round, with `assignments`, and by whom.
assigned = Signal()

# Sent inside the transaction: the round's reviewers see each other's tags from its commit on.
revealed = Signal()

# Sent inside the transaction with each `move`, a line of the round's log.
moved = Signal()
