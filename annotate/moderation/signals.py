"""What other apps may want to hear of moderation."""

from django.dispatch import Signal

# Sent inside the transaction with each `decision`, but for one to erase an account.
decided = Signal()
