"""Independence: who may not do a task, by what the diagram says of it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from app.db import db
from app.engine import Element
from app.errors import NotForYou
from app.models import Answer, Case, Task, User
from app.services.accounts import rank_of
from app.services.deployments import Deployed
from app.viewer import Viewer


def handlers_of(case: Case, elements: list[str]) -> list[tuple[str, str]]:
    """Who did each element in this case: (element, user id), oldest first."""
    rows = db.session.execute(
        select(Answer.element, Answer.by)
        .where(
            Answer.landlord_id == case.landlord_id,
            Answer.case_id == case.id,
            Answer.element.in_(elements),
            Answer.by.is_not(None),
        )
        .order_by(Answer.at)
    )
    return list(dict.fromkeys((element, by) for element, by in rows if by is not None))


def check(deployed: Deployed, task: Task, user_id: str) -> None:
    """Raise NotForYou, with the rule and a reason, when the task is not for this person."""
    element = deployed.elements.get(task.element)
    if element is not None:
        check_element(deployed, task.case, element, user_id)


def check_element(
    deployed: Deployed, case: Case, element: Element, user_id: str, name: str = ""
) -> None:
    """The same for any step of the procedure. name: who is meant, when it is not the reader."""
    check_rules(deployed, case, element.properties, user_id, name)


def check_rules(
    deployed: Deployed,
    case: Case,
    properties: Mapping[str, str],
    user_id: str,
    name: str = "",
) -> None:
    """The same for the properties of a step, or of a field that chooses a panel."""
    whom = f"Not for {name}: they" if name else "Not for you: you"
    for rule in ("not_the_handler_of", "senior_to"):
        named = properties.get(rule, "").replace(",", " ").split()
        for other, handler in handlers_of(case, named) if named else ():
            done = deployed.elements[other].name
            if rule == "not_the_handler_of" and handler == user_id:
                raise NotForYou(rule, f"{whom} did “{done}” in this case.")
            if rule == "senior_to" and _rank(user_id) <= _rank(handler):
                raise NotForYou(
                    rule,
                    f"Not for {name or 'you'}: this needs somebody more senior than whoever did "
                    f"“{done}”.",
                )


def _rank(user_id: str) -> int:
    user = db.session.get(User, user_id)
    return rank_of(user) if user else 0


def reason_against(deployed: Deployed, task: Task, viewer: Viewer) -> str:
    """Why the viewer may not do a task; empty when nothing stands against it."""
    try:
        check(deployed, task, viewer.user_id or "")
    except NotForYou as refused:
        return refused.message
    return ""
