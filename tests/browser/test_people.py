"""People as they are: two at once, a crash, no scripts, a keyboard alone, and bad intentions."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from app.clock import SetClock
from app.settings import Settings
from tests.browser.conftest import LANDLORD, Open, Site, make_site, sign_in
from tests.browser.typing import fill, finish
from tests.browser.visits import COMPLAINT, begin_complaint, how_many_cases, new_case
from tests.cases import RECORDED, first_team
from tests.conftest import PASSWORD, WHEN


def refuse(page: Page, task: str, reasons: str) -> None:
    """Fill in a decision with words of one's own."""
    page.goto(task)
    fill(
        page,
        acceptance_decision="refuse",
        refusal_ground="already answered",
        acceptance_reasons=reasons,
    )


def test_of_two_who_finish_a_task_the_second_learns_who_was_faster_and_loses_nothing(
    site: Site, open_page: Open, team: str
) -> None:
    case, task = new_case(site)
    first, second = open_page(site), open_page(site)
    sign_in(first, site, "amira")
    sign_in(second, site, "grace")
    refuse(second, task, "We answered this in March, word for word.")
    first.goto(task)
    fill(first, acceptance_decision="accept")
    finish(first)

    second.locator("button[name=pr_step][value=check]").last.click()

    told = second.locator("main").inner_text()
    assert "Amira" in told and "09:00" in told.replace("9:00am", "09:00")
    assert "We answered this in March, word for word." in told
    second.get_by_role("button", name="note").first.click()
    second.goto(f"{case}?tab=notes")
    assert "We answered this in March" in second.locator("main").inner_text()


def test_what_is_typed_is_saved_and_survives_a_restart_of_the_server(
    settings: Settings, open_page: Open
) -> None:
    before = make_site(settings, SetClock(WHEN))
    before.add("amira", "staff", first_team(LANDLORD))
    _, task = new_case(before)
    page = open_page(before)
    sign_in(page, before, "amira")
    refuse(page, task, "Half a sentence")
    expect(page.locator("[data-draft-status]")).to_contain_text("Draft saved")
    before.stop()

    after = make_site(settings, SetClock(WHEN))
    page = open_page(after)
    sign_in(page, after, "amira")
    page.goto(task)
    assert page.locator("[name=acceptance_reasons]").input_value() == "Half a sentence"
    after.stop()


def test_a_double_click_records_one_complaint(site: Site, open_page: Open) -> None:
    page = open_page(site)
    begin_complaint(page)
    fill(page, **COMPLAINT)
    page.get_by_role("button", name="Send my complaint").dblclick()
    page.wait_for_url("**/done")
    assert how_many_cases(site) == 1


def test_without_scripts_a_complaint_is_made_and_a_task_is_done(
    site: Site, open_page: Open, team: str
) -> None:
    public = open_page(site, 375, javascript=False)
    begin_complaint(public)
    public.locator("button[value=send]:visible").click()
    expect(public.locator(".govuk-error-summary")).to_be_visible()
    fill(public, **COMPLAINT)
    public.locator("button[value=send]:visible").click()
    public.wait_for_url("**/done")

    staff = open_page(site, javascript=False)
    sign_in(staff, site, "amira")
    staff.get_by_role("link", name="Log the complaint").first.click()
    fill(staff, points="The leak was not repaired")
    finish(staff)
    staff.goto("/inbox")
    assert "Decide" in staff.locator("main").inner_text()


def test_a_danger_leads_to_the_numbers_and_alerts_the_team(
    site: Site, open_page: Open, team: str
) -> None:
    site.add("david", "staff", "duty")
    page = open_page(site, 375)
    begin_complaint(page, "now")
    fill(page, **COMPLAINT)
    page.get_by_role("button", name="Send my complaint").click()
    page.wait_for_url("**/done")

    duty = open_page(site)
    sign_in(duty, site, "david")
    duty.goto("/inbox")
    assert "danger" in duty.locator("main").inner_text().lower()


def tab_to(page: Page, selector: str, most: int = 120) -> None:
    """Press Tab until the focus is where it should be; it must be seen there."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            style = "e => getComputedStyle(e).outlineStyle + getComputedStyle(e).boxShadow"
            assert page.evaluate(f"({style})(document.activeElement)") != "nonenone"
            return
    raise AssertionError(f"Tab never reached {selector}")


def test_a_task_is_found_and_finished_by_keyboard_alone(
    site: Site, open_page: Open, team: str
) -> None:
    new_case(site)
    page = open_page(site)
    page.goto("/sign-in")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").startswith("Skip to")
    tab_to(page, "#email")
    page.keyboard.type(site.email_of("amira"))
    tab_to(page, "#password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox")

    tab_to(page, "a.pr-task")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tasks/**")
    tab_to(page, "button[name=pr_step][value=check]")
    page.keyboard.press("Enter")
    page.locator(".govuk-error-summary").wait_for()
    page.locator(".govuk-error-summary:focus, .govuk-error-summary :focus").wait_for()
    tab_to(page, "input[name=acceptance_decision]")
    page.keyboard.press("Space")
    tab_to(page, "button[name=pr_step][value=check]")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/tasks/" not in url)


PAYLOADS = (
    "<script>window.hacked=1</script>",
    '"><img src=x onerror=window.hacked=1>',
    "{{7*7}}{% for x in () %}",
    "javascript:window.hacked=1",
)


def test_nothing_that_is_typed_runs_on_any_page(site: Site, open_page: Open, team: str) -> None:
    site.add("maya", "manager", team)
    site.add("ruth", "auditor")
    bad = " ".join(PAYLOADS)
    long = {key: RECORDED[key] + bad for key in ("story", "points", "desired_outcome")}
    short = {key: RECORDED[key] + PAYLOADS[1] for key in ("resident_name", "resident_address")}
    case, task = new_case(site, **long, **short)
    pages = {
        "amira": (
            "/inbox",
            task,
            case,
            f"{case}?tab=people",
            f"{case}?tab=history",
            f"/cases?q={bad}",
        ),
        "maya": ("/running", "/inbox"),
        "ruth": (case.replace("cases", "histories"), f"/histories?q={bad}"),
    }
    dialogs: list[str] = []
    for name, paths in pages.items():
        page = open_page(site)
        page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        sign_in(page, site, name)
        for path in paths:
            page.goto(path)
            assert page.evaluate("window.hacked") is None, path
            assert "49{%" not in page.content()
    assert dialogs == []
