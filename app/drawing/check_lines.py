"""Do the lines run straight, apart from each other and from the shapes, and left to right?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from .boxes import XY, Box, Segment, segments
from .defect import Defect, at, at_point
from .drawing import Drawing

LAST_SEGMENT = 18  # px: an arrow's last stretch shows its head and a bit of line
JOG = 10  # px: a step smaller than this looks like a slip of the hand
TOLERANCE = 1.5  # px: docking on a border
APART = 8  # px between two parallel lines that have nothing to do with each other


def lines_are_straight(d: Drawing) -> Iterator[Defect]:
    for identifier, points in d.edges.items():
        if d.tag(identifier) == "association":
            continue
        name = d.name(identifier)
        stretches = segments(points)
        lengths = [abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in stretches]
        for a, b in stretches:
            if min(abs(a[0] - b[0]), abs(a[1] - b[1])) > 0.5:
                yield at_point("slanting line", name, a)
        for length, a in zip(lengths[1:-1], points[1:], strict=False):
            if length < JOG:
                yield at_point(f"step of {length:.0f} px", name, a)
        if lengths[-1] < LAST_SEGMENT:
            yield at_point("arrow head crammed", name, points[-1])


def lines_meet_their_shapes(d: Drawing) -> Iterator[Defect]:
    for identifier, points in d.edges.items():
        if d.tag(identifier) == "association":
            continue
        for end, point in zip(d.ends(identifier), (points[0], points[-1]), strict=True):
            box, dot = d.shapes.get(end), Box(*point, 0, 0)
            if box is None:
                continue
            if not box.grown(TOLERANCE).holds(dot) or box.grown(-TOLERANCE).holds(dot):
                name = d.name(identifier)
                yield at_point("does not meet its shape's border", name, point)


def lines_avoid_shapes(d: Drawing) -> Iterator[Defect]:
    frames = d.frames
    for line in d.edges:
        for shape, box in d.shapes.items():
            if (
                shape not in frames
                and not _may_lie_on(d, line, shape)
                and _runs_over(d, line, shape)
            ):
                yield at("line through a shape", f"{d.name(line)} / {d.name(shape)}", box)


def _may_lie_on(d: Drawing, line: str, shape: str) -> bool:
    """A line inside an open subprocess lies on it."""
    source = d.ends(line)[0]
    return shape in d.expanded and shape in d.around(source) and d.host(source) != shape


def _runs_over(d: Drawing, line: str, shape: str) -> bool:
    source, target = d.ends(line)
    stretches = segments(d.edges[line])
    for n, (a, b) in enumerate(stretches):
        first, last = n == 0, n == len(stretches) - 1
        spare = 1
        if shape == d.host(source):
            spare = 20 if first else 1
        elif (first and shape in d.around(source) | {source}) or (last and shape == target):
            spare = 3
        inner = d.shapes[shape].grown(-spare)
        if inner.width > 0 and inner.height > 0 and inner.cut_by(a, b):
            return True
    return False


def lines_keep_apart(d: Drawing) -> Iterator[Defect]:
    for one, two in combinations(d.edges, 2):
        where = f"{d.name(one)} / {d.name(two)}"
        related = bool(set(d.ends(one)) & set(d.ends(two)))
        trunk = _common_trunk(d, one, two)
        for first in segments(d.edges[one]):
            for second in segments(d.edges[two]):
                if _is_flat(first) != _is_flat(second):
                    what, spot = _crossing(first, second, related)
                else:
                    what, spot = _overlap(first, second, related, trunk)
                if what:
                    yield at_point(what, where, spot)


def _is_flat(stretch: Segment) -> bool:
    return stretch[0][1] == stretch[1][1]


def _crossing(first: Segment, second: Segment, related: bool) -> tuple[str, XY]:
    flat, upright = (first, second) if _is_flat(first) else (second, first)
    x, y = upright[0][0], flat[0][1]
    left, right = sorted((flat[0][0], flat[1][0]))
    top, bottom = sorted((upright[0][1], upright[1][1]))
    if left + 1 < x < right - 1 and top + 1 < y < bottom - 1:
        return "lines cross", (x, y)
    if not related and left - 1 <= x <= right + 1 and top - 1 <= y <= bottom + 1:
        return "lines touch", (x, y)
    return "", (x, y)


def _overlap(first: Segment, second: Segment, related: bool, trunk: bool) -> tuple[str, XY]:
    along, across = (0, 1) if _is_flat(first) else (1, 0)
    begin = max(min(p[along] for p in first), min(p[along] for p in second))
    end = min(max(p[along] for p in first), max(p[along] for p in second))
    near = abs(first[0][across] - second[0][across]) < (1 if related else APART)
    spot = max(min(first), min(second))
    return ("lines run on each other" if end - begin > 5 and near and not trunk else "", spot)


def _common_trunk(d: Drawing, one: str, two: str) -> bool:
    """Several flows may share a trunk where they leave, or enter, the same gateway."""
    (s1, t1), (s2, t2) = d.ends(one), d.ends(two)
    leave = s1 == s2 and d.edges[one][0] == d.edges[two][0]
    return leave or (t1 == t2 and d.edges[one][-1] == d.edges[two][-1])


def lines_go_left_to_right(d: Drawing) -> Iterator[Defect]:
    """Only a loop may go back, and only into a gateway."""
    follows: dict[str, list[str]] = {}
    flows = [i for i in d.edges if d.tag(i) == "sequenceFlow"]
    for flow in flows:
        source, target = d.ends(flow)
        follows.setdefault(d.host(source) or source, []).append(target)
    for flow in flows:
        source, target = d.ends(flow)
        points = d.edges[flow]
        loop = d.tag(target).endswith("Gateway") and _reaches(
            follows, target, d.host(source) or source
        )
        if not loop and any(b[0] < a[0] - 1 for a, b in segments(points)):
            yield at_point("flows backwards", d.name(flow), points[0])
        into_right = (
            abs(points[-1][0] - d.shapes[target].right) < 1 and points[-2][0] > points[-1][0]
        )
        if not loop and into_right:
            yield at_point("enters from the right", d.name(flow), points[-1])


def _reaches(follows: dict[str, list[str]], start: str, goal: str) -> bool:
    seen: set[str] = set()
    todo = [start]
    while todo:
        here = todo.pop()
        if here == goal:
            return True
        if here not in seen:
            seen.add(here)
            todo += follows.get(here, [])
    return False
