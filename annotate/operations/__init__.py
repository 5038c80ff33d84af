"""What tells those who run the site how it is: log lines, readiness, reports of errors."""
