"""What is due in one case is fired, in one transaction: by the sweep, and in a story."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import lazyload

from app import clock
from app.db import transaction
from app.errors import ChangedMeanwhile
from app.models import Instance
from app.services import steps
from app.services.incidents import report
from app.services.steps import PROCEDURE

PASSING = (ChangedMeanwhile, OperationalError, InterfaceError)  # no fault of a case: look again
ALONE = [lazyload(Instance.case)]
SKIP = {"skip_locked": True, "of": Instance}  # whom another worker has is no business of ours


class Due(NamedTuple):
    """The key of an instance with something due."""

    landlord_id: str
    instance_id: str


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
