"""One thing that is not good to look at in a drawing."""

from __future__ import annotations

from dataclasses import dataclass

from .boxes import XY, Box


@dataclass(frozen=True)
class Defect:
    """What is wrong, with which elements, and where to look for it (px)."""

    what: str
    where: str
    x: float = 0
    y: float = 0
    width: float = 0
    height: float = 0

    def __str__(self) -> str:
        return f"{self.what}: {self.where}"


def at(what: str, where: str, box: Box) -> Defect:
    return Defect(what, where, box.x, box.y, box.width, box.height)


def at_point(what: str, where: str, point: XY) -> Defect:
    return Defect(what, where, point[0] - 4, point[1] - 4, 8, 8)
