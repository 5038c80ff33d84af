"""The whole site in one file, and back: `manage.py backup` and `manage.py restore`."""


class BackupError(Exception):
    """A backup cannot be made or put back. The message is one line: what, and what to do."""
