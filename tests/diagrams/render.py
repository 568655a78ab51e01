"""Pictures of BPMN and DMN files, as bpmn.io shows them.

    python -m tests.diagrams.render processes/*/*.bpmn --out pictures [--defects found.json]

bpmn-js (or dmn-js) itself opens the file in a headless Chromium, so the picture is what a process
owner will see. Needs node_modules with bpmn-js, and dmn-js for tables, and Chromium: playwright's
own, or the one that CHROMIUM names or that is on the path.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
MARGIN = 30  # px of white round the diagram
MARK = 30  # px kept free below it: the bpmn.io licence wants its mark visible and uncovered

PAGE = """<!doctype html><meta charset=utf-8>
<style>html,body{margin:0;background:#fff} #canvas{width:100vw;height:100vh}
.dmn-js-parent{padding:10px;box-sizing:border-box} .view-drd{display:none}</style>
<div id=canvas></div>"""
OPEN_BPMN = """async xml => {
  window.viewer = new BpmnJS({ container: '#canvas' });
  const { warnings } = await viewer.importXML(xml);
  return { warnings: warnings.map(w => w.message), box: viewer.get('canvas').viewbox().inner };
}"""
SHOW_BPMN = """({ box, margin }) => {
  viewer.get('canvas').resized();
  viewer.get('canvas').viewbox(
    { x: box.x - margin, y: box.y - margin, width: innerWidth, height: innerHeight });
}"""
MARK_BPMN = """defects => {
  const layer = viewer.get('canvas').getLayer('defects', 9);
  for (const { x, y, width, height, what } of defects) {
    const r = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
    Object.entries({ x: x - 5, y: y - 5, width: width + 10, height: height + 10,
      fill: 'rgba(220,0,0,.18)', stroke: '#d00', 'stroke-width': 2 })
      .forEach(([k, v]) => r.setAttribute(k, v));
    layer.append(r);
  }
}"""
OPEN_DMN = """async xml => {
  window.viewer = new DmnJS({ container: '#canvas' });
  const { warnings } = await viewer.importXML(xml);
  const views = viewer.getViews();
  await viewer.open(views.find(v => v.type === 'decisionTable') || views[0]);
  return { warnings: warnings.map(w => w.message) };
}"""


def chromium() -> str | None:
    """Chromium's program; None for playwright's own."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium")


def open_page(browser: Browser, kind: str, modules: Path, scale: float) -> Page:
    """An empty page with bpmn-js or dmn-js in it."""
    page = browser.new_page(viewport={"width": 1400, "height": 900}, device_scale_factor=scale)
    page.set_content(PAGE)
    dist = modules / f"{kind}-js" / "dist"
    for style in sorted(
        [*dist.glob("assets/*.css"), *dist.glob("assets/*-font/css/*embedded.css")]
    ):
        page.add_style_tag(path=style)
    page.add_script_tag(path=dist / f"{kind}-viewer.production.min.js")
    return page


def draw_bpmn(page: Page, source: Path, target: Path, marked: list[dict[str, Any]]) -> list[str]:
    """Write the picture of a diagram; return what bpmn-js warns of."""
    opened = page.evaluate(OPEN_BPMN, source.read_text("utf-8"))
    box = opened["box"]
    size = {"width": round(box["width"]) + 2 * MARGIN, "height": round(box["height"]) + 2 * MARGIN}
    page.set_viewport_size({"width": size["width"], "height": size["height"] + MARK})
    page.evaluate(SHOW_BPMN, {"box": box, "margin": MARGIN})
    page.evaluate(MARK_BPMN, marked)
    page.screenshot(path=target)
    return list(opened["warnings"])


def draw_dmn(page: Page, source: Path, target: Path) -> list[str]:
    """Write the picture of a decision table; return what dmn-js warns of."""
    opened = page.evaluate(OPEN_DMN, source.read_text("utf-8"))
    page.evaluate("document.fonts.ready")
    table = page.locator(".tjs-table").first.bounding_box()
    assert table is not None, "the file has no decision table"
    right, bottom = table["x"] + table["width"], table["y"] + table["height"]
    page.set_viewport_size(
        {"width": round(right) + MARGIN, "height": round(bottom) + MARGIN + MARK}
    )
    page.screenshot(path=target)
    return list(opened["warnings"])


def main() -> int:
    ask = argparse.ArgumentParser(description="Pictures of BPMN and DMN files")
    ask.add_argument("files", nargs="+", type=Path)
    ask.add_argument("--out", type=Path, help="folder for the pictures (default: beside each file)")
    ask.add_argument("--scale", type=float, default=1.5, help="pixels for each px of the diagram")
    ask.add_argument("--defects", type=Path, help="JSON written by check: marked in red")
    ask.add_argument("--modules", type=Path, default=ROOT / "node_modules")
    given = ask.parse_args()
    marks = json.loads(given.defects.read_text("utf-8")) if given.defects else {}
    warned = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for source in given.files:
            folder = given.out or source.parent
            folder.mkdir(parents=True, exist_ok=True)
            target = folder / f"{source.stem}.png"
            kind = source.suffix.removeprefix(".")
            page = open_page(browser, kind, given.modules, given.scale)
            if kind == "dmn":
                warnings = draw_dmn(page, source, target)
            else:
                warnings = draw_bpmn(page, source, target, marks.get(source.name, []))
            page.close()
            print(target, *warnings, sep="\n    ")
            warned += len(warnings)
        browser.close()
    return 1 if warned else 0


if __name__ == "__main__":
    sys.exit(main())
