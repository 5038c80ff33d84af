"""Fuzzing of everything that reads what people put in: `make fuzz` (docs/development.md)."""
