"""What the landlord's policy aims for, beside what was reached in the period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from app.landlords import Target
from app.services.reporting.figures import Figure

SATISFIED = ("very_satisfied", "fairly_satisfied")
NOT_SAID = "not_said"
Counts = Mapping[str, Figure]


@dataclass(frozen=True)
class Reached:
    """part of whole, in percent with one decimal; None where there was nothing to count.

    met: None where nothing was counted, or the policy gives no figure.
    """

    target: Target
    part: int
    whole: int

    @property
    def percent(self) -> Decimal | None:
        if not self.whole:
            return None
        exact = Decimal(100 * self.part) / self.whole
        return exact.quantize(Decimal("0.1"), ROUND_HALF_UP)

    @property
    def met(self) -> bool | None:
        """Whether the exact share is enough; it is not rounded up to the target."""
        target = self.target
        if not self.whole:
            return None
        if target.at_least is not None:
            return 100 * self.part >= target.at_least * self.whole
        return None if target.below is None else 100 * self.part < target.below * self.whole


def reached(target: Target, figures: Counts) -> Reached:
    """A target beside the figures of a report, by their keys."""
    if target.clock:
        kept, late = (_count(figures, f"duty.{target.clock}.{how}") for how in ("in_time", "late"))
        return Reached(target, kept, kept + late)
    if target.satisfied:
        key = f"satisfaction.{target.satisfied}."
        said = {k: int(f.number or 0) for k, f in figures.items() if k.startswith(key)}
        said.pop(f"{key}{NOT_SAID}", None)
        return Reached(target, sum(said.get(key + s, 0) for s in SATISFIED), sum(said.values()))
    group, one = ("stage", target.stage) if target.stage else ("kind", target.kind)
    return Reached(
        target, _count(figures, f"{group}.{one}"), _count(figures, f"{group}.{target.of}")
    )


def _count(figures: Counts, key: str) -> int:
    return int(figures[key].number or 0) if key in figures else 0
