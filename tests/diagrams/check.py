"""Is this diagram good to look at? Measures what is drawn; no defects is the aim.

    python -m tests.diagrams.check processes/*/*.bpmn [--json found.json]

Ends with status 1 where something is wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from app.drawing.check import defects
from app.drawing.drawing import Drawing


def summary(source: Path | bytes) -> str:
    """How much is drawn, how straight and how large."""
    d = Drawing.read(source)
    flows = [p for i, p in d.edges.items() if d.tag(i) == "sequenceFlow"]
    boxes = list(d.shapes.values())
    wide = max(b.right for b in boxes) - min(b.x for b in boxes)
    high = max(b.bottom for b in boxes) - min(b.y for b in boxes)
    return (
        f"{sum(not d.contains(i) for i in d.shapes)} elements, {len(flows)} flows "
        f"({sum(len(p) == 2 for p in flows)} straight, {sum(len(p) - 2 for p in flows)} bends), "
        f"{wide:.0f} x {high:.0f} px"
    )


def main() -> int:
    ask = argparse.ArgumentParser(description="Is this diagram good to look at?")
    ask.add_argument("files", nargs="+", type=Path)
    ask.add_argument("--json", type=Path, help="write the defects here, for render --defects")
    given = ask.parse_args()
    found = {source.name: defects(source) for source in given.files}
    for source in given.files:
        told = found[source.name]
        print(f"{source}: {len(told)} defects; {summary(source)}", *told, sep="\n    ")
    if given.json:
        plain = {name: [asdict(defect) for defect in told] for name, told in found.items()}
        given.json.write_text(json.dumps(plain, indent=1), "utf-8")
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
