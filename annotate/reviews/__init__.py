"""Review rounds: who reviews an article, by when, blind or open, and how far it is."""
