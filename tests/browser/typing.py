"""Filling in a form in the browser, by the keys of its questions."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page


def fill(page: Page, **answers: Any) -> None:
    """Type, tick and choose. A date is ISO text; a list is ticked; True ticks a box.

    An answer of a select is its value, or else its words.
    """
    for key, value in answers.items():
        if page.locator(f"[name='{key}-day']").count():
            year, month, day = value.split("-")
            for part, text in (("day", day), ("month", month), ("year", year)):
                page.locator(f"[name='{key}-{part}']").fill(text)
            continue
        asked = page.locator(f"[name='{key}']")
        kind = asked.first.evaluate("e => e.type || e.tagName.toLowerCase()")
        if kind in ("radio", "checkbox"):
            for one in value if isinstance(value, list) else [value]:
                wanted = "true" if one is True else one
                page.locator(f"[name='{key}'][value='{wanted}']").check()
        elif kind == "select-one":
            by_value = asked.locator(f"option[value='{value}']").count()
            asked.select_option(**({"value": value} if by_value else {"label": value}))
        else:
            asked.fill(value)


def check(page: Page) -> None:
    """Press the main button of a task: it finishes, or shows the whole letter first."""
    page.locator("button[name=pr_step][value=check]").last.click()
    page.wait_for_load_state()


def finish(page: Page) -> None:
    """Finish a task; where it writes a letter, the whole letter is shown in between."""
    check(page)
    faults = page.locator(".govuk-error-summary")
    assert not faults.count(), faults.inner_text()
    last = page.get_by_role("button", name="Finish;")
    if last.count():
        last.click()
        page.wait_for_load_state()


def record(page: Page) -> None:
    """Record what happened outside: the main button of a case's action."""
    page.get_by_role("button", name="Record it").click()
    page.wait_for_load_state()
    faults = page.locator(".govuk-error-summary")
    assert not faults.count(), faults.inner_text()
