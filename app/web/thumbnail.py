"""A small picture of a diagram: boxes, circles, diamonds and lines, without words."""

from __future__ import annotations

from lxml import etree
from markupsafe import Markup

from app.engine.diagram import BPMN, tag_of
from app.engine.xml import read_xml

DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
LINE = "{http://www.omg.org/spec/DD/20100524/DI}"
EDGE = 20  # diagram pixels round the drawing


def thumbnail(raw: bytes) -> Markup:
    """An SVG element without names; empty when the file has no drawing. Only numbers go into it."""
    root = read_xml(raw)
    kinds = {node.get("id"): tag_of(node) for node in root.iter(f"{BPMN}*")}
    shapes = [
        (kinds.get(shape.get("bpmnElement"), ""), _box(bounds))
        for shape in root.iter(f"{DI}BPMNShape")
        for bounds in [shape.find(f"{DC}Bounds")]
        if bounds is not None
    ]
    if not shapes:
        return Markup("")
    lines = [
        " ".join(f"{float(p.get('x', 0)):.0f},{float(p.get('y', 0)):.0f}" for p in points)
        for edge in root.iter(f"{DI}BPMNEdge")
        for points in [edge.findall(f"{LINE}waypoint")]
    ]
    left = min(x for _, (x, _, _, _) in shapes) - EDGE
    top = min(y for _, (_, y, _, _) in shapes) - EDGE
    width = max(x + w for _, (x, _, w, _) in shapes) + EDGE - left
    height = max(y + h for _, (_, y, _, h) in shapes) + EDGE - top
    drawn = "".join(
        [f'<polyline points="{line}"/>' for line in lines]
        + [_drawn(kind, *box) for kind, box in shapes]
    )
    return Markup(
        f'<svg class="pr-thumb" viewBox="{left:.0f} {top:.0f} {width:.0f} {height:.0f}" '
        f'aria-hidden="true" focusable="false">{drawn}</svg>'
    )


def _box(bounds: etree._Element) -> tuple[float, float, float, float]:
    x, y, width, height = (float(bounds.get(name, 0)) for name in ("x", "y", "width", "height"))
    return x, y, width, height


def _drawn(kind: str, x: float, y: float, w: float, h: float) -> str:
    if kind in {"participant", "lane"}:
        return f'<rect class="pool" x="{x:.0f}" y="{y:.0f}" width="{w:.0f}" height="{h:.0f}"/>'
    if kind.endswith("Event"):
        return f'<circle cx="{x + w / 2:.0f}" cy="{y + h / 2:.0f}" r="{w / 2:.0f}"/>'
    if kind.endswith("Gateway"):
        middle_x, middle_y = x + w / 2, y + h / 2
        corners = ((middle_x, y), (x + w, middle_y), (middle_x, y + h), (x, middle_y))
        return f'<polygon points="{" ".join(f"{a:.0f},{b:.0f}" for a, b in corners)}"/>'
    return f'<rect x="{x:.0f}" y="{y:.0f}" width="{w:.0f}" height="{h:.0f}" rx="10"/>'
