"""The picture of a case in the README, made anew from the demo.

    python -m tests.browser.pictures

Look at it before it is committed: it shows what the pages show now. Needs what the browser tests
need: a built front end, and Chromium.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright
from sqlalchemy import select

from app.db import db
from app.models import Case, Task
from app.settings import ROOT
from tests.browser.conftest import DESK, Site, make_demo, sign_in
from tests.conftest import QUIET, settings_in

PICTURE = ROOT / "app" / "help" / "case.png"
HEIGHT = 1180  # pixels: down to the diagram, the deadlines and what can be done now
WHO, STEP = "amira_sethi", "stage_1_response"  # who looks, and where the case stands


def address_of_case(site: Site) -> str:
    """The page of the demo's case that is at the step."""
    with site.app.app_context():
        at_step = select(Case.reference).join(Task, Task.case_id == Case.id)
        reference = db.session.scalars(
            at_step.where(Task.element == STEP, Task.status == "open")
        ).one()
        db.session.remove()
    return f"/cases/{reference}"


def take(path: Path) -> None:
    """Play the demo in a folder that goes again, and take the picture."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site = make_demo(settings_in(Path(folder)))
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        page = browser.new_page(
            base_url=site.address, viewport={"width": DESK, "height": HEIGHT}, locale="en-GB"
        )
        sign_in(page, site, WHO)
        page.goto(address_of_case(site))
        page.locator(".pr-diagram__view[data-drawn]").last.wait_for()
        page.screenshot(path=path)
        browser.close()
        site.stop()


if __name__ == "__main__":
    take(PICTURE)
    print(PICTURE.relative_to(ROOT))
