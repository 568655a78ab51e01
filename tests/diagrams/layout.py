"""python -m tests.diagrams.layout stage_1.bpmn [--out drawn.bpmn]"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from app.drawing.check import defects
from app.drawing.layout.draw import best_drawing


def main() -> int:
    ask = argparse.ArgumentParser(description="Draw BPMN files anew")
    ask.add_argument("files", nargs="+", type=Path)
    ask.add_argument("--out", type=Path, help="write here instead (one file only)")
    given = ask.parse_args()
    if given.out and len(given.files) > 1:
        ask.error("--out takes one file")
    worst = 0
    for source in given.files:
        drawn = best_drawing(source.read_bytes())
        target = given.out or source
        target.write_bytes(drawn)
        found = defects(drawn)
        worst = max(worst, len(found))
        print(f"{target}: {len(found)} defects", *found, sep="\n    ")
    return 1 if worst else 0


if __name__ == "__main__":
    sys.exit(main())
