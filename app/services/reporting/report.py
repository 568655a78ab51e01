"""The whole report of one landlord for one period, beside the period before it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy import select

from app.db import db
from app.errors import NotAllowed, NotFound
from app.landlords import Target
from app.models import Case
from app.services import deployments
from app.services.access import unconflicted
from app.services.periods import Period
from app.services.reporting import afterwards, decisions, duties, equality, received
from app.services.reporting.duties import Duty
from app.services.reporting.equality import Table
from app.services.reporting.figures import Figure, Number, Scope, Section
from app.services.reporting.received import Trend
from app.services.reporting.targets import Reached, reached
from app.viewer import Viewer

LISTED = 500  # cases behind a number, at most
MOST_ASKED = 5_000  # ids in one statement


@dataclass(frozen=True)
class Report:
    """All that the page shows. Counts are of all cases; lists only of those one may open.

    equality: None where it is asked, but not counted for this period.
    """

    period: Period
    trend: Trend
    duties: list[Duty]
    sections: list[Section]
    targets: list[Target] = field(default_factory=list)
    equality: list[Table] | None = None

    @property
    def reached(self) -> list[Reached]:
        """What the policy aims for, beside what was reached."""
        return [reached(target, self.figures) for target in self.targets]

    @cached_property
    def figures(self) -> dict[str, Figure]:
        """Every number, by its key."""
        drawn = [f for section in self.sections for g in section.groups for f in g.figures]
        return {f.key: f for f in [*drawn, *(f for duty in self.duties for f in duty.figures)]}

    def number(self, key: str) -> Number:
        """A number by its key; 0 for what was not counted in this period."""
        return self.figures[key].number if key in self.figures else 0


def report(viewer: Viewer, period: Period) -> Report:
    """Count a period. Raises NotAllowed."""
    if not viewer.can("report"):
        raise NotAllowed
    scope = Scope(
        viewer.landlord_id,
        period,
        deployments.live(viewer.landlord_id),
        deployments.landlord(viewer.landlord_id),
    )
    return Report(
        period,
        received.trend(scope),
        duties.duties(scope),
        [
            received.section(scope),
            duties.stages(scope),
            decisions.facts(scope),
            decisions.closed(scope),
            afterwards.promises(scope),
            received.dangers(scope),
            afterwards.learning(scope),
            afterwards.satisfaction(scope),
        ],
        scope.landlord.targets,
        equality.tables(scope),
    )


def cases_behind(viewer: Viewer, period: Period, key: str) -> tuple[Figure, list[Case]]:
    """A number with its cases that the viewer may open, newest first. Raises NotFound."""
    figure = report(viewer, period).figures.get(key)
    if figure is None:
        raise NotFound
    query = unconflicted(select(Case).where(Case.landlord_id == viewer.landlord_id), viewer)
    newest = query.order_by(Case.received_on.desc(), Case.reference).limit(LISTED)
    parts = (figure.cases[n : n + MOST_ASKED] for n in range(0, len(figure.cases), MOST_ASKED))
    found = [case for ids in parts for case in db.session.scalars(newest.where(Case.id.in_(ids)))]
    found.sort(key=lambda case: (-case.received_on.toordinal(), case.reference))
    return figure, found[:LISTED]
