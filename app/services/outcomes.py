"""How a case ended, in the words of its own diagrams.

A diagram has a code for each end that reports count; people read the name of that end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import select

from app.db import db
from app.engine import Element
from app.models import Case, Instance
from app.services import deployments
from app.services.deployments import Deployed


def outcome_name(deployed: Deployed, code: str) -> str:
    """What people call an outcome: “Not accepted, reasons given”; the code where no diagram says.

    The end of the case's own procedure counts, then that of another kind.
    """
    for elements in (deployed.procedure.elements, deployed.elements):
        if name := _ends(elements, code) or _closes(elements, code):
            return name
    return in_words(code)


def outcome_names(deployed: Deployed) -> dict[str, str]:
    """Every code that the diagrams can end a case with, with its name; the names in order."""
    told = (e.properties for e in deployed.elements.values())
    codes = {code for says in told for name in ("outcome", "closes") if (code := says.get(name))}
    names = {code: outcome_name(deployed, code) for code in codes}
    return dict(sorted(names.items(), key=lambda pair: pair[1].casefold()))


def how_ended(cases: Iterable[Case]) -> dict[str, str]:
    """By the id of each closed case how it ended, in words."""
    closed = {case.id: case for case in cases if case.status == "closed"}
    rows = db.session.execute(
        select(Instance.landlord_id, Instance.deployment_id, Instance.case_id).where(
            Instance.landlord_id.in_({case.landlord_id for case in closed.values()}),
            Instance.case_id.in_(closed),
        )
    )
    found = {}
    for landlord_id, deployment_id, case_id in rows if closed else ():
        case = closed[case_id]
        deployed = deployments.pinned(landlord_id, deployment_id, case.kind)
        found[case_id] = outcome_name(deployed, case.outcome) if case.outcome else "Closed"
    return found


def in_words(code: str) -> str:
    """A code as people read it: partly_upheld is “Partly upheld”."""
    words = code.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _ends(elements: Mapping[str, Element], code: str) -> str:
    """The name of the end that has the code."""
    ends = (e for e in elements.values() if e.properties.get("outcome") == code)
    return next((e.name for e in ends if e.name), "")


def _closes(elements: Mapping[str, Element], code: str) -> str:
    """Where a step that closes the case leads to, if nobody says another word."""
    todo = [e for e in elements.values() if e.properties.get("closes") == code]
    seen: set[str] = set()
    for element in todo:
        if element.kind == "endEvent" and element.name:
            return element.name
        ways = (elements[flow.target] for flow in element.outgoing if flow.target not in seen)
        after = [e for e in ways if e.kind != "message"]
        seen.update(e.id for e in after)
        todo += after
    return ""
