"""What people say to each other about a passage, and what comes of it."""
