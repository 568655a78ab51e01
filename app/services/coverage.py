"""The policy, paragraph by paragraph: what carries each, what proves it, or why nothing need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.paragraphs import section_of
from app.services.citations import KINDS, STORY, Carrier
from app.services.deployments import Deployed

IN_DIAGRAMS = frozenset({"step", "deadline", "decision row"})
# How a paragraph is carried out; whole: its parts are what counts.
Way = Literal["diagram", "other", "nothing", "hole", "whole"]


@dataclass(frozen=True)
class Row:
    """One paragraph, or a part of one.

    number: 3.5a; section: 3. carried_by: in the order of KINDS; proved_by: stories.
    parts: those of a whole paragraph, which count in its place.
    """

    number: str
    section: str
    says: str
    reading: str
    nothing_because: str
    carried_by: tuple[Carrier, ...]
    proved_by: tuple[Carrier, ...]
    parts: tuple[str, ...]

    @property
    def way(self) -> Way:
        """diagram: at least a step, a deadline or a row of a table carries it."""
        if self.parts:
            return "whole"
        if any(carrier.kind in IN_DIAGRAMS for carrier in self.carried_by):
            return "diagram"
        if self.carried_by:
            return "other"
        return "nothing" if self.nothing_because else "hole"

    @property
    def hole(self) -> bool:
        """Whether something should carry it, and nothing does."""
        return self.way == "hole"


def coverage(deployed: Deployed) -> list[Row]:
    """Every paragraph in the order of policy.toml; nothing where there is no such file."""
    policy = deployed.contents.policy
    if policy is None:
        return []
    cited: dict[str, dict[Carrier, None]] = {}
    for citation in deployed.contents.citations:
        cited.setdefault(citation.number, {})[citation.carrier] = None
    order = list(KINDS)
    rows = []
    for number, paragraph in policy.paragraphs.items():
        found = cited.get(number, {})
        carriers = [carrier for carrier in found if carrier.kind != STORY]
        rows.append(
            Row(
                number,
                section_of(number),
                paragraph.says,
                paragraph.reading,
                paragraph.nothing_because,
                tuple(sorted(carriers, key=lambda carrier: order.index(carrier.kind))),
                tuple(carrier for carrier in found if carrier.kind == STORY),
                tuple(policy.parts_of(number)),
            )
        )
    return rows
