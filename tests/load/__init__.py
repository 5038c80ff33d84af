"""The running site under load: `python -m tests.load`, which `make load` calls."""
