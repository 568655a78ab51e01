"""Facts that Putright keeps by itself, for a procedure that declares them: what its rows know.

They are looked up anew before each step, so that a timer or a gateway can depend on a promise
that is open or a copy that is still to be made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from app.models import Case
from app.services import accessible_copies, code_clocks, promises
from app.services.adjustments import language_of
from app.services.representatives import is_awaited
from timers.calendar import london_date

if TYPE_CHECKING:
    from app.services.steps import Step

DANGER = {"yes", "not_sure"}


def _closed_on(_session: Session, case: Case) -> str | None:
    return london_date(case.closed_at).isoformat() if case.closed_at else None


def _permission_asked_on(_session: Session, case: Case) -> str | None:
    """Since when a representative waits for the resident's permission."""
    opened_on = london_date(case.opened_at)
    waiting = [party for party in case.representatives if is_awaited(party)]
    asked = min((p.permission_on or opened_on for p in waiting), default=None)
    return asked.isoformat() if asked else None


def _safeguarding(_session: Session, case: Case) -> bool:
    return case.triage.get("triage_safeguarding") in DANGER


def _needs_care(_session: Session, case: Case) -> bool:
    """Something makes it harder for one of the residents to deal with us, or one has died."""
    harder = (
        case.carried
        or case.triage.get("triage_vulnerability", "").strip()
        or _safeguarding(_session, case)
    )
    return bool(harder) or any(p.adjustments or language_of(p) for p in case.residents)


def _prefers_phone(_session: Session, case: Case) -> bool:
    return case.resident.contact_use == "phone" and not case.resident.death


def _resident_died(_session: Session, case: Case) -> bool:
    return bool(case.carried)


# by name; contents.KEPT_TYPES has their types, also that of `code_applies`: see below
KEPT: Mapping[str, Callable[[Session, Case], Any]] = {
    "closed_on": _closed_on,
    "permission_asked_on": _permission_asked_on,
    "safeguarding": _safeguarding,
    "prefers_phone": _prefers_phone,
    "needs_care": _needs_care,
    "resident_died": _resident_died,
    "promises_made_on": promises.made_on,
    "promise_due_on": promises.due_on,
    "copy_asked_on": accessible_copies.asked_on,
    "copy_pauses": accessible_copies.pauses,
}


def kept_facts(step: Step) -> dict[str, Any]:
    """The values of now, of those that the procedure declares."""
    case, declared = step.case, step.deployed.facts
    found = {n: look_up(step.session, case) for n, look_up in KEPT.items() if n in declared}
    if "code_applies" in declared:
        found["code_applies"] = code_clocks.applies(step.deployed, case.kind, case.received_on)
    return found
