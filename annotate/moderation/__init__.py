"""How the work is kept fair: flags, cases, decisions and their appeals, and the audit log."""
