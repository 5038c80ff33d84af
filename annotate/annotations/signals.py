"""What other apps may want to hear of a tag."""

from django.dispatch import Signal

# Sent inside the transaction, the article locked, with `annotation`: it waits for a moderator
# now (`pending`), or has done so until now.
pending_changed = Signal()
