"""Columns and rows become px, with room for labels, notes and the lines between them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

from .. import words
from ..boxes import Box
from ..words import label_size
from .model import TASK, Scope, most_on_a_side
from .place import Placement

HEADER = 30  # px: the strip with a pool's or lane's name
BEFORE_FIRST = 50  # px between a lane's strip and the middle of the first column's left edge
COLUMN_GAP = 60  # px between neighbouring columns, more where a label needs it
ROW_GAP = 30  # px between neighbouring rows, labels included
LANE_PADDING = 22  # px between a lane's edge and what stands in it
TRACK = 12  # px between parallel lines
NOTE_WIDTH = 180  # px
RIGHT_EDGE = 40  # px between the last column and the pool's edge
_WIDER = {3: 260.0}  # px: an activity with three events on one edge; more take 100 each

Tracks = dict[float, float]  # where a line may run -> how far that is from the middle of its gap


def note_size(text: str) -> tuple[float, float]:
    """Width and height of an annotation in px."""
    lines = words.wrap(text, NOTE_WIDTH - 12, words.INSIDE)
    return NOTE_WIDTH, 10 + 15 * len(lines)


def _along_edge(name: str) -> float:
    """The height that the name of a pool or lane needs, which is written upwards."""
    return words.width(name, words.INSIDE) + 30 if name else 0.0


def up_to_ten(px: float) -> float:
    """The next place of the 10 px grid."""
    return round(px / 10 + 0.49) * 10.0


def set_coordinates(scope: Scope, placement: Placement, spread: float) -> tuple[Tracks, Tracks]:
    """Set the place of every node and lane. Return the free tracks for lines, in x and in y."""
    offsets = placement.offsets()
    _set_sizes(scope)
    tracks_x = _Columns(scope, placement, offsets, spread).set()
    rows = _Rows(scope, placement, spread)
    tracks_y = rows.set()
    for host, events in scope.hosted.items():
        base = scope.nodes[host]
        for event in events:
            event.x = base.x + round(offsets[event.id] * base.width)
            event.y = base.box.bottom if event.side > 0 else base.box.y
    last = max(node.column for node in scope.nodes.values())
    right = max(node.box.right for node in scope.nodes.values())
    for node in scope.nodes.values():
        if node.labelled and node.column == last:
            right = max(right, node.x + label_size(node.name)[0] / 2)
    scope.width, scope.height = right + RIGHT_EDGE, rows.lane_edges[-1]
    if scope.lanes[0][1]:
        left = -BEFORE_FIRST - HEADER
        scope.lane_boxes = [
            Box(left, a, scope.width - left, b - a) for a, b in pairwise(rows.lane_edges)
        ]
    return tracks_x, tracks_y


def _set_sizes(scope: Scope) -> None:
    for host, events in scope.hosted.items():
        most = most_on_a_side(events)
        if most > 2 and not scope.nodes[host].inside:
            scope.nodes[host].width = _WIDER.get(most, 100.0 * most)
    for node in scope.nodes.values():
        if node.inside:
            node.width, node.height = node.inside.width, node.inside.height
            starts = (n.y for n in node.inside.nodes.values() if n.tag == "startEvent")
            node.up = next(starts, node.height / 2)


class _Columns:
    """Widths of the columns and of the gaps between them."""

    def __init__(
        self, scope: Scope, placement: Placement, offsets: dict[str, float], spread: float
    ) -> None:
        self.scope, self.placement, self.offsets = scope, placement, offsets
        self.count = 1 + max(node.column for node in scope.nodes.values())
        self.wide = [0.0] * self.count
        self.gap = [COLUMN_GAP * spread] * self.count

    def set(self) -> Tracks:
        self._fit_nodes()
        self._fit_flow_names()
        self._fit_event_names()
        self._fit_lines()
        return self._place()

    def _fit_nodes(self) -> None:
        for node in self.scope.standing:
            label = label_size(node.name)[0] * 0.8 if node.labelled else 0.0
            note = NOTE_WIDTH * 0.75 if node.notes else 0.0
            self.wide[node.column] = max(self.wide[node.column], node.width, label, note)

    def _fit_flow_names(self) -> None:
        for flow in self.scope.flows:
            source = self.scope.nodes[flow.source]
            if flow.name and not flow.back:
                beside = (self.wide[source.column] - source.width) / 2
                self._widen(source.column, label_size(flow.name)[0] + 24 - beside)

    def _fit_event_names(self) -> None:
        """Names of boundary events stand beside their lines."""
        for host, events in self.scope.hosted.items():
            base = self.scope.nodes[host]
            spare = (self.wide[base.column] - base.width) / 2
            for event in events if most_on_a_side(events) > 1 else ():
                at = self.offsets[event.id]
                beyond = label_size(event.name)[0] + 14 - base.width * (0.5 - abs(at)) - spare
                if at > 0:
                    self._widen(base.column, beyond + 34)
                elif base.column:
                    self._widen(base.column - 1, beyond + 34)

    def _fit_lines(self) -> None:
        upright: dict[int, int] = defaultdict(int)
        for way in self.placement.routes.values():
            for (x1, _), (x2, _) in pairwise(way):
                if x1 == x2 and x1 != int(x1) and abs(x1 % 1 - 0.5) < 0.01:
                    upright[int(x1)] += 1
        for column, number in upright.items():
            if 0 <= column < self.count:
                self._widen(column, 40 + TRACK * number)

    def _widen(self, column: int, least: float) -> None:
        self.gap[column] = max(self.gap[column], least)

    def _place(self) -> Tracks:
        left, centres, lefts = 0.0, [], []
        tracks: Tracks = {-TRACK * n - 14.0: n + 1.0 for n in (0, 1)}
        for column in range(self.count):
            centre = up_to_ten(left + self.wide[column] / 2)
            centres.append(centre)
            lefts.append(centre - self.wide[column] / 2)
            edge, gap = centre + self.wide[column] / 2, self.gap[column]
            steps = int((gap / 2 - 16) // TRACK)
            if column < self.count - 1:
                middle = edge + gap / 2
                tracks |= {middle + n * TRACK: float(abs(n)) for n in range(-steps, steps + 1)}
            left = edge + gap
        for node in self.scope.nodes.values():
            node.x = centres[node.column]
            narrow = node.width <= TASK[0] and self.wide[node.column] >= 2.5 * TASK[0]
            if narrow:  # beside an open subprocess: stand at its left
                node.x = lefts[node.column] + TASK[0] / 2
        return tracks


@dataclass
class _Rows:
    """Heights of the rows and lanes."""

    scope: Scope
    placement: Placement
    spread: float
    above: list[float] = field(default_factory=list)
    below: list[float] = field(default_factory=list)
    centres: list[float] = field(default_factory=list)
    lane_edges: list[float] = field(default_factory=lambda: [0.0])
    tracks: Tracks = field(default_factory=dict)
    lane_of_row: dict[int, int] = field(default_factory=dict)

    def set(self) -> Tracks:
        count = self.placement.row_count
        self.above, self.below = [20.0] * count, [20.0] * count
        for node in self.scope.standing:
            self.lane_of_row[node.row] = node.lane
        self._fit_nodes()
        channels = self._channels()
        y = 0.0
        for row in range(count):
            y = self._place_row(row, y, channels)
        self._centre_in_high_lanes()
        for node in self.scope.nodes.values():
            node.y = self.centres[node.row]
        return self.tracks

    def _fit_nodes(self) -> None:
        for node in self.scope.standing:
            up, down = node.up, node.height - node.up
            if node.labelled:
                high = label_size(node.name)[1] + 6
                up, down = (up + high, down) if node.gateway else (up, down + high)
            for event in self.scope.hosted.get(node.id, []):
                high = 18 + label_size(event.name)[1] + 8
                if event.side < 0:
                    up = max(up, node.up + high)
                else:
                    down = max(down, node.height - node.up + high)
            up += sum(note_size(note.text)[1] + 22 for note in node.notes)
            self.above[node.row] = max(self.above[node.row], up)
            self.below[node.row] = max(self.below[node.row], down)

    def _channels(self) -> dict[float, int]:
        """How many lines run in the gap between two rows."""
        found: dict[float, int] = defaultdict(int)
        for way in self.placement.routes.values():
            for (_, y1), (_, y2) in pairwise(way):
                if y1 == y2 and y1 != int(y1):
                    found[y1] += 1
        return found

    def _lane(self, row: int) -> int:
        empty = (n for n in range(len(self.scope.lanes)) if n not in self.lane_of_row.values())
        return self.lane_of_row[row] if row in self.lane_of_row else next(empty, 0)

    def _place_row(self, row: int, top: float, channels: dict[float, int]) -> float:
        """Place one row under `top`; return the lower edge of what is in it."""
        new_lane = row == 0 or self.lane_of_row.get(row - 1) != self._lane(row)
        room = LANE_PADDING if new_lane else ROW_GAP * self.spread
        room += TRACK * channels[row - 0.5]
        centre = up_to_ten(top + room + self.above[row])
        self.centres.append(centre)
        spare = centre - self.above[row] - top
        usable = spare - 2 * (8 if new_lane else 10)
        number = max(1, int(usable // TRACK) + 1)
        for n in range(number):
            step = n - (number - 1) / 2
            self.tracks[top + spare / 2 + step * TRACK] = abs(step)
        bottom = centre + self.below[row]
        last = row == self.placement.row_count - 1
        if last or self.lane_of_row.get(row + 1) != self._lane(row):
            return self._end_lane(row, bottom, TRACK * channels[row + 0.5] if last else 0)
        return bottom

    def _end_lane(self, row: int, bottom: float, for_lines: float) -> float:
        room = LANE_PADDING + for_lines
        self.tracks[bottom + room / 2] = 0.0
        least = self.lane_edges[-1] + _along_edge(self.scope.lanes[self._lane(row)][1])
        if row == self.placement.row_count - 1:
            least = max(least, _along_edge(self.scope.pool))
        edge = up_to_ten(max(bottom + room, least))
        self.lane_edges.append(edge)
        return edge

    def _centre_in_high_lanes(self) -> None:
        """A lane that had to grow for its name: put what stands in it in the middle."""
        for lane, (top, bottom) in enumerate(pairwise(self.lane_edges)):
            mine = [r for r in range(len(self.centres)) if self.lane_of_row.get(r) == lane]
            if not mine:
                continue
            first = self.centres[mine[0]] - self.above[mine[0]]
            last = self.centres[mine[-1]] + self.below[mine[-1]]
            shift = round(((top + bottom) / 2 - (first + last) / 2) / 10) * 10
            if shift > 10:
                for row in mine:
                    self.centres[row] += shift
                self.tracks = {
                    y + shift if top < y < bottom else y: lean for y, lean in self.tracks.items()
                }
