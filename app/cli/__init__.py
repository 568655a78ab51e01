"""The command line behind ./run and ./check."""

from app.cli import importing, operations, procedures, serving, users
from app.cli.group import main
from app.cli.procedures import play_file

__all__ = ["importing", "main", "operations", "play_file", "procedures", "serving", "users"]
