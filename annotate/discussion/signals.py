"""What other apps may want to hear of a discussion."""

from django.dispatch import Signal

# Sent inside the transaction, the article locked, with `comment` and `people`: whom it names
# and did not name before. They may read it; its author is never among them.
mentioned = Signal()
