"""The command line behind ./run and ./check."""

from app.cli import importing, operations, procedures, serving, users
from app.cli.group import main

__all__ = ["importing", "main", "operations", "procedures", "serving", "users"]
