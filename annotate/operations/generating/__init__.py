"""A made-up site of any size, to measure with: people, stories, tags, the logs, the queue."""
