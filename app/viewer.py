"""Who is looking. Every service function that takes an id from outside takes the viewer too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["staff", "manager", "process_owner", "auditor", "administrator"]
ROLES: dict[Role, str] = {
    "staff": "Member of staff",
    "manager": "Manager",
    "process_owner": "Process owner",
    "auditor": "Auditor",
    "administrator": "Administrator",
}

# what each role may do; a route names one of these, or the app does not start
ABILITIES: dict[str, frozenset[Role]] = {
    "work": frozenset({"staff", "manager"}),  # inbox, tasks, record, actions
    "read_cases": frozenset({"staff", "manager", "auditor"}),
    "watch": frozenset({"manager"}),  # running cases, incidents
    "audit": frozenset({"auditor"}),  # histories, versions
    "report": frozenset({"manager", "auditor"}),  # the Customer Feedback Report
    "see_procedures": frozenset({"staff", "manager", "process_owner", "auditor"}),
    "own_procedures": frozenset({"process_owner"}),
    "approve_procedures": frozenset({"process_owner", "manager"}),  # a second person's drafts
    "move_cases": frozenset({"process_owner", "manager"}),  # open cases to another version
    "administer": frozenset({"administrator"}),
    "post": frozenset({"staff", "manager"}),  # print and post, outbox
    "signed_in": frozenset(ROLES),
}


@dataclass(frozen=True)
class Viewer:
    """A signed-in person, the resident behind a private link, or the procedure itself.

    `user_id` is None for residents and for the procedure.
    """

    landlord_id: str
    user_id: str | None = None
    name: str = ""
    role: Role | None = None
    teams: frozenset[str] = frozenset()
    resident_case_id: str | None = None
    landlord_name: str = ""

    def can(self, ability: str) -> bool:
        """Whether the role allows it. Raises KeyError for an ability nobody declared."""
        return self.role in ABILITIES[ability]
