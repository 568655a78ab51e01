"""The parts of pages: what they say, that they escape, and that nothing is inline."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest
from jinja2 import Environment

from tests.frontend.conftest import TEMPLATES
from timers.calendar import calendar_for
from timers.deadlines import DeadlineState, RulerDay, StateCode, ruler

EVIL = "</script><script>alert(1)</script>'\""
NASTY = DeadlineState("late", EVIL, 2)
LINK = {"href": "/x", "text": EVIL, "words": EVIL, "count": 3, "note": EVIL, "sub": EVIL}
ARRANGED = {"id": "a", "says": [EVIL] * 2, "dates": EVIL, "review": EVIL, "href": EVIL}
TUESDAY = dt.date(2026, 11, 24)
GOVERNANCE = SimpleNamespace(
    owner=EVIL, operational_owner=EVIL, approved_by=EVIL, review_on=TUESDAY, cycle=EVIL
)
POLICY = SimpleNamespace(governance=GOVERNANCE)

# Every macro with nasty words in every place that takes words.
CALLS: dict[str, tuple[Any, ...]] = {
    "actions": ([LINK],),
    "arranged": ([ARRANGED, ARRANGED | {"is_overdue": True}], EVIL),
    "chips": ([{"words": EVIL, "hazard": True}, *[{"words": EVIL}] * 4],),
    "confirm_bar": ({"words": EVIL, "name": "n", "value": EVIL}, [{"words": EVIL}], EVIL),
    "crumbs": ([{"text": EVIL, "href": "/x", "reference": EVIL}],),
    "danger": (EVIL, [{"when": EVIL, "advice": EVIL, "number": EVIL}]),
    "empty": (EVIL, [EVIL]),
    "filter_bar": (
        "/x",
        EVIL,
        [
            {"name": "a", "label": EVIL, "value": EVIL},
            {"name": "b", "label": EVIL, "options": [(EVIL, EVIL)]},
        ],
        EVIL,
        {"k": EVIL},
    ),
    "job": (SimpleNamespace(total=9, done=2, status="running", says=EVIL), *[EVIL] * 3, ""),
    "policy_lines": (POLICY,),
    "problems": ({"name": EVIL},),
    "ruler": ([RulerDay(TUESDAY, "off", EVIL), RulerDay(TUESDAY, "left", EVIL)], EVIL),
    "safe_strip": (SimpleNamespace(name=EVIL, use=[EVIL], never=[EVIL] * 2, adjustments=[EVIL]),),
    "said": ([("message", EVIL), ("error", EVIL)],),
    "sheet": (
        SimpleNamespace(
            landlord=EVIL, reference=EVIL, date_words=EVIL, channel_words=EVIL, body=EVIL, note=EVIL
        ),
    ),
    "slack": (-3,),
    "steps": ([{"title": EVIL, "text": EVIL, "state": "now"}],),
    "story": (f"{EVIL}\n\n{EVIL}", EVIL),
    "tabs": ([LINK], EVIL),
    "tag": (NASTY,),
    "tiles": ([LINK | {"number": EVIL}, {"number": 1, "words": EVIL}],),
    "timeline": (
        [{"title": EVIL, "text": EVIL, "by": EVIL, "at_words": EVIL, "link_words": EVIL}],
    ),
    "week": ([{"kind": "off", "day": EVIL, "words": EVIL}, LINK | {"kind": "day", "day": EVIL}],),
}


def names() -> list[str]:
    return sorted(path.stem for path in (TEMPLATES / "parts").glob("*.html"))


@pytest.mark.parametrize("name", sorted(CALLS))
def test_a_part_escapes_every_word_it_is_given(part: Any, name: str) -> None:
    shown = part(name)(*CALLS[name])
    assert "<script>alert" not in shown
    assert name == "slack" or "&lt;script&gt;" in shown


@pytest.mark.parametrize("name", names())
def test_every_part_says_in_a_comment_what_it_takes(name: str) -> None:
    text = (TEMPLATES / "parts" / f"{name}.html").read_text()
    assert text.startswith(f"{{# {name}("), "the comment starts with the macro's name"
    assert f"macro {name}(" in text


def test_no_template_holds_what_the_security_policy_refuses() -> None:
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|\|\s*safe\b", text), path
        for script in re.findall(r"<script[^>]*>", text):
            assert "src=" in script or 'type="application/json"' in script, (path, script)


@pytest.mark.parametrize("code", get_args(StateCode))
def test_every_state_of_a_deadline_has_a_look(part: Any, code: StateCode) -> None:
    assert re.search(r"pr-tag--[a-z]+\"", part("tag")(DeadlineState(code, "Words")))


def test_only_an_open_late_duty_is_solid(part: Any) -> None:
    solid = [code for code in get_args(StateCode) if "tag--late" in part("tag")(nasty_of(code))]
    assert solid == ["late"]


def nasty_of(code: StateCode) -> DeadlineState:
    return DeadlineState(code, EVIL)


def test_a_ruler_shows_weekends_as_gaps_and_names_bank_holidays(part: Any) -> None:
    days = ruler(
        calendar_for("ENG"), dt.date(2026, 12, 18), dt.date(2027, 1, 6), dt.date(2026, 12, 22)
    )
    shown = part("ruler")(days)
    assert shown.count('class="is-off"') == 1
    assert "<small>Christmas Day, Boxing Day</small>" in shown
    assert "(observed)" not in shown and shown.count("weekend") == 1
    assert 'class="is-due">Wed <b>6</b> due' in shown
    assert part("ruler")([]).strip() == ""


def test_at_most_three_chips_and_the_hazard_first(part: Any) -> None:
    items = [{"words": words} for words in ("Asthma", "Turkish", "Large print")]
    shown = part("chips")([*items, {"words": "Hazard", "hazard": True}])
    assert re.findall(r'<li class="pr-chip[^"]*">([A-Z][^<]*)', shown) == [
        "Hazard",
        "Asthma",
        "Turkish",
    ]
    assert "+1" in shown and "and 1 more: Large print" in shown


def test_the_safety_strip_is_there_without_any_rule(part: Any) -> None:
    shown = part("safe_strip")(SimpleNamespace(name="Kezia", use=[], never=[], adjustments=[]))
    assert "No safe-contact rules" in shown
    assert "Adjustments: none asked for" in shown


def test_a_table_that_stacks_keeps_its_meaning(templates: Environment) -> None:
    page = templates.from_string(
        '{% from "parts/table.html" import table, group %}'
        '{% call table("C", ["A", {"words": "B", "number": true}]) %}'
        '<tbody role="rowgroup">{{ group("Late", "now", 2) }}</tbody>{% endcall %}'
    ).render()
    roles = set(re.findall(r'role="(\w+)"', page))
    assert roles == {"table", "rowgroup", "row", "columnheader", "rowheader"}


def test_a_pager_marks_this_page_and_shows_nothing_for_one(part: Any) -> None:
    page = SimpleNamespace(page=2, pages=3, total=41, first=21, last=40, has_prev=True)
    page.has_next, page.prev_num, page.next_num = True, 1, 3
    page.iter_pages = lambda **_: [1, 2, None, 3]
    shown = part("pager")(page, lambda number: f"/inbox?page={number}")
    assert "21 to 40 of 41 tasks" in shown
    assert 'href="/inbox?page=2" aria-label="Page 2" aria-current="page"' in shown
    page.pages = 1
    assert part("pager")(page, str).strip() == ""


def test_the_data_of_a_diagram_cannot_end_its_script(templates: Environment) -> None:
    view = {
        "title": EVIL,
        "xml": "/d.bpmn",
        "label": EVIL,
        "now": [{"element": "a", "label": EVIL}],
    }
    box = {"id": "d", "mode": "path", "version": EVIL, "views": [view]}
    shown = str(templates.get_template("parts/diagram.html").module.diagram(box))  # type: ignore[attr-defined]
    assert shown.count("</script>") == 1
    data = re.search(r"data-diagram>(.*?)</script>", shown, re.DOTALL)
    assert data and json.loads(data[1]) == {"xml": "/d.bpmn", "now": view["now"]}


@pytest.mark.parametrize(("today", "role"), [(24, "watch"), (25, "work"), (25, "watch")])
def test_a_policy_past_its_day_is_told_to_those_who_can_do_something(
    part: Any, today: int, role: str
) -> None:
    viewer = SimpleNamespace(can=lambda asked: asked == role)
    shown = part("review_notice")(POLICY, TUESDAY.replace(day=today), viewer)
    told = "was to be reviewed by Tuesday 24 November 2026" in shown
    assert told is ((today, role) == (25, "watch"))


@pytest.mark.parametrize("layout", ["staff", "public", "error"])
def test_a_layout_works_before_anybody_signed_in(templates: Environment, layout: str) -> None:
    page = templates.from_string(f'{{% extends "layout/{layout}.html" %}}')
    assert "<main " in page.render(viewer=None, nav=[])
    signed_in = page.render(viewer=SimpleNamespace(name=EVIL, landlord_name=EVIL))
    assert "<script>alert" not in signed_in


def test_residents_see_the_landlord_and_staff_can_leave(templates: Environment) -> None:
    public = templates.from_string('{% extends "layout/public.html" %}')
    page = public.render(viewer=None, landlord_name="A Landlord")
    assert '<span class="pr-landlord__name">A Landlord</span>' in page
    assert "– Your landlord</title>" in page and "data-leave" in page
    staff = templates.from_string('{% extends "layout/staff.html" %}')
    page = staff.render(viewer=SimpleNamespace(name="Amira", landlord_name="A Landlord"))
    assert 'action="/sign-out" method="post"' in page and 'value="a-token"' in page


def test_every_part_is_tried_here() -> None:
    shown = "".join(page.read_text() for page in (Path(__file__).parent / "pages").glob("*.html"))
    own = {"diagram", "pager", "review_notice", "table"}  # tests of their own, above
    assert [
        n for n in names() if n not in CALLS and n not in own and f"/{n}.html" not in shown
    ] == []


def test_long_work_is_shown_by_what_is_known_of_it_and_called_off_by_whoever_may(
    part: Any,
) -> None:
    def shown(status: str, done: int, total: int) -> str:
        it = SimpleNamespace(status=status, done=done, total=total, says="")
        return str(part("job")(it, "Moving", "cases", "/look", ""))

    assert "after the work that was asked for before it" in shown("waiting", 0, 0)
    assert "It has begun" in shown("running", 0, 0)
    counted = shown("running", 1200, 3000)
    assert '<progress max="3000" value="1200"' in counted and "1,200 of 3,000 cases." in counted
    assert "data-job" in counted and 'href="/look"' in counted and "Call it off" not in counted
