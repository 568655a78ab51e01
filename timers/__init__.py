"""When: working days, deadlines explained, what fires them. Plain Python: no web, no database."""
