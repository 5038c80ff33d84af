"""What other apps may want to hear of a round."""

from django.dispatch import Signal

# Sent inside the transaction, the article locked; `round` is the new round.
round_opened = Signal()
