"""Rectangles and points of a drawing, in px; y grows downwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

XY: TypeAlias = tuple[float, float]
Segment: TypeAlias = tuple[XY, XY]


@dataclass(frozen=True)
class Box:
    """A rectangle by its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    def grown(self, by: float) -> Box:
        """The box with `by` px more on each side."""
        return Box(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)

    def moved(self, dx: float, dy: float) -> Box:
        return Box(self.x + dx, self.y + dy, self.width, self.height)

    def meets(self, other: Box) -> bool:
        """Whether the two have an area in common."""
        return (
            self.x < other.right
            and other.x < self.right
            and self.y < other.bottom
            and other.y < self.bottom
        )

    def holds(self, other: Box) -> bool:
        """Whether the other box lies in this one."""
        return (
            self.x <= other.x
            and self.y <= other.y
            and other.right <= self.right
            and other.bottom <= self.bottom
        )

    def cut_by(self, a: XY, b: XY) -> bool:
        """Whether the straight line from a to b passes through the inside (Liang-Barsky)."""
        (x1, y1), (x2, y2) = a, b
        if x1 == x2 and y1 != y2:  # upright; what follows says the same, but takes longer
            top, bottom = (y1, y2) if y1 < y2 else (y2, y1)
            inside = self.x < x1 < self.x + self.width
            return inside and top < self.y + self.height and self.y < bottom
        if y1 == y2 and x1 != x2:
            left, right = (x1, x2) if x1 < x2 else (x2, x1)
            inside = self.y < y1 < self.y + self.height
            return inside and left < self.x + self.width and self.x < right
        low, high = 0.0, 1.0
        for start, delta, least, most in (
            (a[0], b[0] - a[0], self.x, self.right),
            (a[1], b[1] - a[1], self.y, self.bottom),
        ):
            if delta == 0:
                if not least < start < most:
                    return False
            else:
                enter, leave = sorted(((least - start) / delta, (most - start) / delta))
                low, high = max(low, enter), min(high, leave)
        return low < high


def segments(points: Sequence[XY]) -> list[Segment]:
    """The straight stretches of a line."""
    return list(pairwise(points))


def on_diamond(label: Box, gateway: Box) -> bool:
    """Whether a label runs over the diamond itself: its box has four free corners."""
    x, y = gateway.x + gateway.width / 2, gateway.y + gateway.height / 2
    dx, dy = (
        max(low - at, at - high, 0)
        for at, low, high in ((x, label.x, label.right), (y, label.y, label.bottom))
    )
    return dx / gateway.width + dy / gateway.height < 0.5
