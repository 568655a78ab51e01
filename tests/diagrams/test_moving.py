"""A step that is given another lane is drawn there, with its events and lines, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice

from lxml import etree

from app.drawing.check import defects
from app.drawing.drawing import BPMN, BPMNDI, Drawing
from app.drawing.moving import in_its_lane
from tests.diagrams.test_shipped_diagrams import SHIPPED

MOST = None if os.environ.get("PUTRIGHT_LONG") else 20
AT_LEAST = 0.6  # of the moves find a free place


def moves() -> Iterator[tuple[bytes, bytes, str]]:
    """Each task of each shipped diagram in each other lane: the file before, after; the task."""
    for path in sorted(SHIPPED, key=lambda path: path.stat().st_size):
        before = path.read_bytes()
        root = etree.fromstring(before)
        tasks = [task.get("id", "") for task in root.iterfind(f"{BPMN}process/{BPMN}userTask")]
        for task in tasks:
            for to in range(len([*root.iter(f"{BPMN}lane")])):
                after = with_lane(before, task, to)
                if after is not None:
                    yield before, after, task


def with_lane(before: bytes, task: str, to: int) -> bytes | None:
    root = etree.fromstring(before)
    lane = [*root.iter(f"{BPMN}lane")][to]
    moved = {task, *hosted(root, task)}
    refs = [ref for ref in root.iter(f"{BPMN}flowNodeRef") if ref.text in moved]
    if any(ref.getparent() is lane for ref in refs):
        return None
    lane.extend(refs)
    return etree.tostring(root)


def hosted(root: etree._Element, task: str) -> set[str]:
    events = root.iter(f"{BPMN}boundaryEvent")
    return {event.get("id", "") for event in events if event.get("attachedToRef") == task}


def meaning(body: bytes) -> bytes:
    root = etree.fromstring(body)
    for drawn in root.findall(f"{BPMNDI}BPMNDiagram"):
        root.remove(drawn)
    return etree.tostring(root, method="c14n").strip()


def test_a_step_moves_alone_and_only_where_the_drawing_stays_good() -> None:
    found = 0
    every = list(islice(moves(), MOST))
    for before, after, task in every:
        drawn = in_its_lane(before, after, task)
        if drawn is None:
            continue
        found += 1
        assert defects(drawn) == []
        assert meaning(drawn) == meaning(after)
        was, now = Drawing.read(after), Drawing.read(drawn)
        own = {task, *hosted(etree.fromstring(after), task)}
        assert {one for one in was.shapes if was.shapes[one] != now.shapes[one]} == own
        assert all(was.shapes[one].x == now.shapes[one].x for one in own)
        met = {line for line in was.edges if own & set(was.ends(line))}
        assert {line for line in was.edges if was.edges[line] != now.edges[line]} <= met
    assert found >= AT_LEAST * len(every) > 0, f"{found} of {len(every)}"


def test_what_is_not_drawn_is_not_moved() -> None:
    before, after, task = next(moves())
    assert in_its_lane(before, after, "nobody") is None
    bare = etree.fromstring(after)
    for drawn in bare.findall(f"{BPMNDI}BPMNDiagram"):
        bare.remove(drawn)
    assert in_its_lane(before, etree.tostring(bare), task) is None
