"""What goes wrong outside this program, in a sentence for whoever runs it."""

from __future__ import annotations

from pydantic import ValidationError
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

ADDRESSES = (
    "Give one like sqlite:////srv/putright.db or postgresql+psycopg://user@host/putright, or leave "
    "it out for SQLite in the instance folder."
)
OUTSIDE = (SQLAlchemyError, ImportError, OSError, UnicodeError, ValidationError)


def in_a_sentence(problem: Exception, named_by: str = "PUTRIGHT_DATABASE_URL") -> str:
    """What it is, and what to do about it. named_by: what says which database is meant."""
    match problem:
        case ImportError():
            return f"A part that this needs is not installed: {problem}."
        case ArgumentError():
            return f"The database address cannot be used: {problem}. {ADDRESSES}"
        case DBAPIError():
            said = " ".join(str(problem.orig).split()).rstrip(".")
            end = "" if said.endswith("?") else "."
            return f"The database cannot be used: {said}{end} {named_by} names it."
        case ValidationError():
            wrong = problem.errors()[0]
            name = "_".join(str(part) for part in wrong["loc"]).upper()
            why = wrong["msg"].removeprefix("Value error, ")
            return f"The setting PUTRIGHT_{name} is wrong: {why}."
        case UnicodeError():
            return "What was sent in is not in UTF-8. Save it again with that encoding."
        case OSError(filename=str() as path):
            return f"{path} cannot be used: {problem.strerror}."
    return f"{problem}."
