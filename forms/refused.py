"""What this package refuses, and what it says then."""

from __future__ import annotations

import keyword
from collections.abc import Sequence

# An answer may become a fact, and facts are names in expressions (security.md rows 1 and 12).
EXPRESSION_FUNCTIONS = frozenset(
    {"working_days", "calendar_days", "months", "rolled", "later", "earlier", "len", "min", "max"}
)
RESERVED_KEYS = (
    EXPRESSION_FUNCTIONS
    | {"typename", "csrf_token", "main", "true", "false", "null"}
    | set(keyword.kwlist)
)


class FormRefused(ValueError):
    """A form file cannot be used. `problems` lists all that is wrong, for its process owner."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


class UnknownField(ValueError):
    """Somebody posted fields that the form does not have; the web answers with 400."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = sorted(names)
        super().__init__(f"The form has no field {', '.join(self.names)[:200]}.")
