"""What is in deploy/, tried: `make proxies`."""
