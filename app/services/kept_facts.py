"""Facts that Putright keeps by itself, for a procedure that declares them: what its rows know.

They are looked up anew before each step, so that a timer or a gateway can depend on a promise
that is open or a copy that is still to be made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from app.services import accessible_copies, casefile, code_clocks
from app.services.adjustments import language_of
from app.services.representatives import is_awaited
from timers.calendar import london_date

if TYPE_CHECKING:
    from app.services.steps import Step

DANGER = {"yes", "not_sure"}


def _closed_on(step: Step) -> str | None:
    closed_at = step.case.closed_at
    return london_date(closed_at).isoformat() if closed_at else None


def _permission_asked_on(step: Step) -> str | None:
    """Since when a representative waits for the resident's permission."""
    opened_on = london_date(step.case.opened_at)
    waiting = [party for party in step.case.representatives if is_awaited(party)]
    asked = min((p.permission_on or opened_on for p in waiting), default=None)
    return asked.isoformat() if asked else None


def _safeguarding(step: Step) -> bool:
    return step.case.triage.get("triage_safeguarding") in DANGER


def _needs_care(step: Step) -> bool:
    """Something makes it harder for one of the residents to deal with us, or one has died."""
    case = step.case
    harder = (
        case.carried or case.triage.get("triage_vulnerability", "").strip() or _safeguarding(step)
    )
    return bool(harder) or any(p.adjustments or language_of(p) for p in case.residents)


def _prefers_phone(step: Step) -> bool:
    return step.case.resident.contact_use == "phone" and not step.case.resident.death


def _resident_died(step: Step) -> bool:
    return bool(step.case.carried)


def _promises_made_on(step: Step) -> str | None:
    """Since when something promised has been open without a break; None when nothing is.

    It stays the same while one promise is kept and another is open, so that a clock on it strikes
    once for all that is open together.
    """
    made_at = step.file.sums.promises_made_at
    if made_at is None:
        return None
    before: str | None = step.instance.facts.get("promises_made_on")
    return before or london_date(made_at).isoformat()


def _promise_due_on(step: Step) -> str | None:
    """The nearest date of what is still to be done; None when nothing is."""
    due = step.file.sums.promise_due_on
    return due.isoformat() if due else None


def _copy_asked_on(step: Step) -> str | None:
    """Since when a copy is still to be made; None when none is."""
    at = step.file.sums.copy_asked_at
    return london_date(at).isoformat() if at else None


def _copy_pauses(step: Step) -> list[list[str | None]]:
    return accessible_copies.pauses(step.session, step.case) if step.file.sums.copies else []


# by name; contents.KEPT_TYPES has their types, also that of `code_applies`: see below
KEPT: Mapping[str, Callable[[Step], Any]] = {
    "closed_on": _closed_on,
    "permission_asked_on": _permission_asked_on,
    "safeguarding": _safeguarding,
    "prefers_phone": _prefers_phone,
    "needs_care": _needs_care,
    "resident_died": _resident_died,
    "promises_made_on": _promises_made_on,
    "promise_due_on": _promise_due_on,
    "copy_asked_on": _copy_asked_on,
    "copy_pauses": _copy_pauses,
}


def kept_facts(step: Step) -> dict[str, Any]:
    """The values of now, of those that the procedure declares."""
    casefile.bring_up_to_date(step.session, step.file)
    case, declared = step.case, step.deployed.facts
    found = {name: look_up(step) for name, look_up in KEPT.items() if name in declared}
    if "code_applies" in declared:
        found["code_applies"] = code_clocks.applies(step.deployed, case.kind, case.received_on)
    return found
