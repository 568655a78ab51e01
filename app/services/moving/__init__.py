"""Open cases and the versions of the procedure: rehearsed, moved, moved back."""
