"""Is this diagram good to look at? Measures what is drawn; no defects is the aim."""

from __future__ import annotations

from pathlib import Path

from . import check_labels, check_lines, check_shapes
from .defect import Defect
from .drawing import Drawing

CHECKS = (
    check_shapes.everything_is_drawn,
    check_shapes.everything_is_connected,
    check_shapes.it_fits_on_a_page,
    check_shapes.shapes_are_apart,
    check_shapes.shapes_are_in_their_lanes,
    check_shapes.events_sit_on_their_hosts,
    check_lines.lines_are_straight,
    check_lines.lines_meet_their_shapes,
    check_lines.lines_avoid_shapes,
    check_lines.lines_keep_apart,
    check_lines.lines_go_left_to_right,
    check_labels.labels_lie_free,
    check_labels.labels_are_in_their_lanes,
    check_labels.names_fit,
)


def defects(source: Path | bytes) -> list[Defect]:
    """Everything that is not good to look at in a file, or in its bytes."""
    return defects_of(Drawing.read(source))


def defects_of(drawing: Drawing) -> list[Defect]:
    """The same of what has been read, or was changed since."""
    return [found for check in CHECKS for found in check(drawing)]
