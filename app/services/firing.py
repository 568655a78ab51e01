"""What is due in a case is fired: by the sweep a few together, in a story one alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, select, tuple_
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import lazyload

from app import clock
from app.db import transaction
from app.errors import ChangedMeanwhile
from app.models import Instance
from app.services import casefile, steps
from app.services.incidents import report
from app.services.steps import PROCEDURE

PASSING = (ChangedMeanwhile, OperationalError, InterfaceError)  # no fault of a case: look again
ALONE = [lazyload(Instance.case)]
# whom another worker has is no business of ours
SKIP: dict[str, Any] = {"skip_locked": True, "of": Instance}


class Due(NamedTuple):
    """The key of an instance with something due."""

    landlord_id: str
    instance_id: str


def fire_together(dues: Sequence[Due]) -> int:
    """Fire what is due in several instances, all in one transaction or, if it raises, none.

    Returns how many nobody else had. Doing it twice does nothing more.
    """
    with transaction() as session:
        free = session.scalars(_free(dues)).all()
        now = clock.now()
        ready = [i for i in free if not i.held and i.next_due_at and i.next_due_at <= now]
        files = casefile.read_all(session, ready, PROCEDURE)
        for instance in sorted(ready, key=lambda i: (i.next_due_at, i.id)):
            steps.fire(steps.step_with(session, files[instance.id], PROCEDURE))
        return len(free)


def _free(dues: Sequence[Due]) -> Select[Instance]:
    """Those that nobody else has, locked."""
    keys = tuple_(Instance.landlord_id, Instance.id).in_(dues)
    return select(Instance).where(keys).options(*ALONE).with_for_update(**SKIP)


def fire(due: Due) -> None:
    """Fire what is due in one instance, in one transaction. Doing it twice does nothing more.

    Raises ChangedMeanwhile while somebody else has the instance. What the engine cannot take, or
    whatever else goes wrong in this case alone, is an incident, and is raised.
    """
    case_id = ""
    try:
        with transaction() as session:
            instance = session.get(Instance, due, with_for_update=SKIP, options=ALONE)
            if instance is None:
                raise ChangedMeanwhile
            if instance.held or not instance.next_due_at or instance.next_due_at > clock.now():
                return
            case_id = instance.case_id
            steps.fire(steps.step_on(session, instance, PROCEDURE))
    except PASSING:
        raise
    except Exception as cause:
        report(due.landlord_id, case_id, "A deadline fell due", cause)
        raise
