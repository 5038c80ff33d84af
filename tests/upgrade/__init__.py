"""A next version that changes a table of the running site: for tests/test_upgrade.py."""
