from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from app.letters import FilledLetter, fill, parse_letter, to_html, to_plain
from app.letters.fill import clean

OPEN = {"title": "2. Calls", "text": "", "decision": ""}
ANSWERED = {"title": "1. Leak", "text": "We came late.", "decision": "We agree."}

ATTACKS = [
    "{{resident_name}}",
    "{{#if today}}x{{/if}}",
    "{{7*7}} {% print 1 %} ${7*7} <%= 7*7 %> #{7*7}",
    "{{config.__class__.__init__.__globals__}}",
    '#read("/etc/passwd") #eval("1+1") #sys.inputs',
    '#import "@preview/x:1.0.0"\n#set page(fill: red)\n$ x^2 $ @ref <label> \\ // note',
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "</p></mark><mark>x</mark>",
    "&lt;b&gt; &amp; &#123;&#123;today}}",
    "**bold** _slanted_ `code` [link](javascript:alert(1)) ![x](y)",
    "# heading\n## heading\n- point\n1. point\n> quote\n---\n+++\ntitle = 1\n+++",
    "\U000f0000\U000f0001\U0010ffff",
    "'\"; DROP TABLE letter; --",
    '=HYPERLINK("http://example.org")',
    "\x1b[31m \x00 \x07 \ud83d",
    "\u202egnp.exe",
    "From: a@example.org\r\nBcc: b@example.org\r\n\r\n.",
]
BODY = (
    "Dear {{resident_name}}\n\n**{{part_a}}** and {{part_a}}{{#if part_a}}, {{part_a}}{{/if}}\n\n"
    "{{part_a}}\n\n- {{part_a}}\n\n## {{part_a}}\n\n{{part_points}}\n\n{{today}}"
)


def filled(body: str, requires: tuple[str, ...] = (), **values: Any) -> FilledLetter:
    front = f'+++\ntitle = "Our answer"\nrequires = {json.dumps(requires)}\n+++\n'
    return fill(parse_letter(front + body, "answer", frozenset()), values)


class Reader(HTMLParser):
    """Collects the tags and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.text: list[str] = []
        self.odd: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.odd += [name for name, value in attrs if (name, value) != ("class", "pr-gap")]
        if tag == "br":
            self.text.append("\n")

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.odd.append(data)

    def handle_decl(self, decl: str) -> None:
        self.odd.append(decl)

    def unknown_decl(self, data: str) -> None:
        self.odd.append(data)


def test_preview_shades_what_staff_typed_and_shows_gaps() -> None:
    letter = filled(
        "Dear Ms B\n\n**{{part_answer}}** Really.\n\n## Points\n\n{{part_points}}\n\n- a\n\n3. b",
        ("part_points",),
        part_answer="You are\nright.",
        part_points=[ANSWERED, OPEN],
    )
    html = to_html(letter)
    assert isinstance(html, Markup)
    assert html.split("\n") == [
        "<p>Dear Ms B</p>",
        "<h3>Our answer</h3>",
        "<p><mark><b>You are<br>right.</b></mark> Really.</p>",
        "<h4>Points</h4>",
        "<p><b>1. Leak</b></p>",
        "<p><mark>We came late.</mark></p>",
        "<p><mark><b>We agree.</b></mark></p>",
        "<p><b>2. Calls</b></p>",
        '<p class="pr-gap">Not answered yet. The letter cannot go without it.</p>',
        "<ul><li>a</li></ul>",
        '<ol start="3"><li>b</li></ol>',
    ]


def test_letter_that_is_not_a_preview_has_neither_shade_nor_gap() -> None:
    letter = filled("{{part_a}}\n\n{{part_b}}", ("part_b",), part_a="x")
    assert to_html(letter, preview=False).strip() == "<h3>Our answer</h3>\n<p>x</p>"
    assert "pr-gap" in to_html(letter)


def test_title_is_a_heading_of_the_level_asked_for() -> None:
    assert "<h2>Our answer</h2>\n<h3>A</h3>\n<h4>B</h4>" in to_html(
        filled("## A\n\n### B"), level=2
    )


def test_plain_text_for_an_email() -> None:
    letter = filled(
        "Dear Ms B\n\n## Points\n\n{{part_points}}\n\n- a\n- {{part_b}}\n\n3. c\n4. d\n\n"
        "## Help\n\n{{ombudsman_phone}}\n\nBye",
        part_points=[ANSWERED],
        part_b="b\nb",
        ombudsman_phone="0300",
    )
    assert to_plain(letter) == (
        "Dear Ms B\n\nOur answer\n\nPoints\n\n1. Leak\n\nWe came late.\n\nWe agree.\n\n"
        "- a\n- b\n  b\n\n3. c\n4. d\n\nHelp\n\n0300\n\nBye\n"
    )


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_a_person_typed_is_only_ever_text(attack: str) -> None:
    check_inert(attack)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_only_ever_text(typed: str) -> None:
    check_inert(typed)


@settings(deadline=None)
@given(st.text(st.sampled_from("{}#/ifpart_a<>&\"'*_-`\\[]()! \n"), max_size=40))
def test_text_made_of_signs_is_only_ever_text(typed: str) -> None:
    check_inert(typed)


def check_inert(typed: str) -> None:
    points = [{"title": typed, "text": typed, "decision": typed}]
    values = {"part_a": typed, "resident_name": typed, "part_points": points, "today": "NOW"}
    letter = filled(BODY, **values)
    page = Reader(to_html(letter))
    assert set(page.tags) <= {"p", "br", "b", "mark", "ul", "li", "h3", "h4"}
    assert page.odd == []
    plain, shown = to_plain(letter), "".join(page.text)
    for line in clean(typed).split("\n"):
        assert line.strip() in plain
        assert line.strip() in shown
    # the one field that held NOW printed it once, unless the person typed it too
    assert plain.count("NOW") == 1 + plain.count(typed) * typed.count("NOW")
