"""Groups that are asked several times: a list that people fill in, promises and copies."""

from __future__ import annotations

from typing import Any

import pytest
from form_kit import component, form, group, on, posted, problems, said
from lxml import html
from test_form_pages import page_template

from forms import Row, UnknownField, readable_answers

TEXT = component("textfield", "promise_text", "What we will do", required=True)
WHO = component("textfield", "promise_who", "Who does it")
BY = component("datetime", "promise_by", "By when", required=True)


def new_promises(*fields: dict[str, Any], **properties: str) -> dict[str, Any]:
    return group(
        "Putting it right",
        *(fields or (TEXT, WHO, BY)),
        properties={"for_each": "new_promise", **properties},
    )


def row(number: int, text: str = "Repair the gate", who: str = "Repairs") -> dict[str, str]:
    typed = {f"promise_text__{number}": text, f"promise_who__{number}": who}
    return typed | on(f"promise_by__{number}", 4, 12, 2026)


LIST = form(new_promises(letter_part="promises", rows="5"))
FOLLOW_UP = form(
    group(
        "",
        component("datetime", "promise_done_on", "Done on"),
        component("datetime", "promise_new_by", "New date"),
        component("textarea", "promise_note", "What happened"),
        properties={"for_each": "promise"},
    )
)
OPEN = {"promise": [Row(2, "Repair the gate", since="2026-11-20"), Row(5, "Ring you")]}


# ---- a list that people fill in


def test_a_list_has_as_many_rows_as_its_owner_says_and_eight_otherwise():
    assert len(LIST.bind().fields) == 5 * 3
    assert len(form(new_promises()).bind().fields) == 8 * 3


def test_a_row_in_which_nothing_was_typed_is_not_there():
    found = posted(LIST, row(1) | row(3, "Ring you") | {"promise_who__4": " "})
    assert found.check()
    assert [key for key in found.answers if key.startswith("promise_text")] == [
        "promise_text__1",
        "promise_text__3",
    ]


def test_a_row_with_anything_typed_needs_what_is_required():
    found = posted(LIST, row(1) | {"promise_who__2": "Repairs"})
    assert not found.check()
    assert found.error_list == [
        ("#promise_text__2", "Tell us what we will do (promise 2)"),
        ("#promise_by__2-day", "Enter the by when (promise 2)"),
    ]


def test_a_row_beyond_the_last_is_unknown():
    with pytest.raises(UnknownField):
        posted(LIST, row(6))


def test_the_letter_lists_who_does_what_by_when():
    found = posted(LIST, row(1) | row(3, "Ring\n you.", "") | {"promise_text__4": "Write"})
    assert found.letter_parts == {
        "promises": [
            "Repair the gate — Repairs, by Friday 4 December 2026",
            "Ring you — by Friday 4 December 2026",
            "Write",
        ]
    }
    assert posted(LIST, {}).letter_parts == {}


def test_answers_are_read_again_row_by_row():
    answers = posted(LIST, row(1)).answers
    assert readable_answers(LIST, answers) == [
        ("Promise 1: What we will do", "Repair the gate"),
        ("Promise 1: Who does it", "Repairs"),
        ("Promise 1: By when", "Friday 4 December 2026"),
    ]
    assert LIST.bind(typed=LIST.as_typed(answers)).answers == answers


@pytest.mark.parametrize(
    ("typed", "empty", "shown"),
    [({}, 3, 3), (row(1), 3, 4), (row(2), 3, 5), (row(5), 3, 5), (row(1), 1, 2), ({}, -4, 1)],
)
def test_the_filled_rows_and_some_empty_ones_are_shown(typed, empty, shown):
    found = posted(LIST, typed)
    found.empty_rows = empty
    page = html.fromstring(page_template(True).render(bound=found, slot=False))
    rows = page.xpath("//*[@data-row]")
    assert [row.get("hidden") is None for row in rows] == [n < shown for n in range(5)]
    more = page.xpath("//button[@name='pr_rows']/@value")
    assert more == ([str(empty + 3)] if shown < 5 else [])
    assert page.xpath("//fieldset[@data-row][2]/legend")[0].text == "Promise 2"


def test_a_text_is_short_enough_to_keep():
    assert said(LIST, row(1, "a" * 301))["promise_text__1"].startswith("Your answer to “What we")
    long = form(new_promises(component("textarea", "promise_text", required=True), WHO, BY))
    assert "500 characters or fewer" in said(long, row(1, "a" * 501))["promise_text__1"]
    assert said(long, row(1, "a" * 500)) == {}


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (new_promises(TEXT, WHO), "a group for each new_promise asks for promise_by"),
        (
            new_promises(TEXT, WHO, component("textfield", "promise_by", required=True)),
            "promise_by must be a date",
        ),
        (
            new_promises(component("textfield", "promise_text"), WHO, BY),
            "promise_text must be required",
        ),
        (
            new_promises(TEXT, WHO, BY, component("filepicker", "photo")),
            "photo stands in a list: no files",
        ),
        (
            new_promises(TEXT, WHO, BY, component("checkbox", "sure", defaultValue=True)),
            "sure stands in a list",
        ),
        (new_promises(rows="21"), "the property rows cannot be “21”"),
        (group("G", TEXT, properties={"for_each": "tenant"}), "for_each cannot be “tenant”"),
        (group("G", TEXT, properties={"rows": "3"}), "rows and letter_part belong on a group"),
        (
            group("G", TEXT, properties={"for_each": "point", "letter_part": "x"}),
            "rows and letter_part belong on a group with for_each = new_promise",
        ),
        (
            group("G", component("datetime", "promise_done_on"),
                  component("datetime", "promise_new_by"), properties={"for_each": "promise"}),
            "a group for each promise asks for promise_note",
        ),
        (group("G", TEXT, properties={"for_each": "copy"}), "asks for copy_sent_on"),
    ],
)  # fmt: skip
def test_what_a_repeated_group_lacks_is_said(part, words):
    found = problems(component("textfield", "other"), part)
    assert len(found) == 1 and words in found[0], found


# ---- promises of the case


def test_each_open_promise_is_asked_for_under_its_own_number():
    found = posted(FOLLOW_UP, on("promise_done_on__5", 24, 11, 2026), rows=OPEN)
    assert found.check()
    assert found.answers["promise_done_on__5"] == "2026-11-24"
    page = html.fromstring(page_template(True).render(bound=found, slot=False))
    assert page.xpath("//legend[contains(., '. ')]/text()") == ["1. Repair the gate", "2. Ring you"]


@pytest.mark.parametrize(
    ("typed", "key", "words"),
    [
        (
            on("promise_done_on__2", 19, 11, 2026),
            "promise_done_on__2",
            "Done on must be Friday 20 November 2026 or later",
        ),
        (
            on("promise_done_on__2", 25, 11, 2026),
            "promise_done_on__2",
            "Done on must be today or earlier",
        ),
        (
            on("promise_new_by__2", 19, 11, 2026) | {"promise_note__2": "x"},
            "promise_new_by__2",
            "New date must be Friday 20 November 2026 or later",
        ),
        (on("promise_new_by__5", 4, 12, 2026), "promise_note__5", "Say why the date moves"),
        (
            on("promise_new_by__5", 4, 12, 2026) | on("promise_done_on__5", 24, 11, 2026),
            "promise_new_by__5",
            "Leave this date empty: it is done",
        ),
    ],
)
def test_what_became_of_a_promise_must_fit_together(typed, key, words):
    assert said(FOLLOW_UP, typed, rows=OPEN) == {key: words}


def test_nothing_need_be_said_of_a_promise():
    assert said(FOLLOW_UP, {}, rows=OPEN) == {}


# ---- payments


def paying(*more: dict[str, Any], **properties: str) -> tuple[dict[str, Any], ...]:
    asked = {"money": "true", "payment": "true"} | properties
    return (component("number", "award", "Payment", decimalDigits=2, properties=asked), *more)


REASON = component("textarea", "payment_reason", "How it was worked out")
PAY_BY = component("datetime", "payment_by", "Paid by")
PAYING = form(*paying(REASON, PAY_BY))


def test_a_payment_above_nothing_needs_its_reason_and_its_date():
    assert said(PAYING, {"award": "150"}) == {
        "payment_reason": "Say how the amount was worked out",
        "payment_by": "Say by when it is paid",
    }
    assert said(PAYING, {"award": "0"}) == said(PAYING, {}) == {}


def test_what_is_not_asked_of_a_small_payment_need_not_be_said():
    hidden = form(
        *paying(REASON | {"conditional": {"hide": "=award = null or award <= 50"}}, PAY_BY)
    )
    assert set(said(hidden, {"award": "50"})) == {"payment_by"}
    assert set(said(hidden, {"award": "51"})) == {"payment_by", "payment_reason"}


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (paying(PAY_BY), "“Payment” is a payment, so the form asks for payment_reason, too."),
        (paying(REASON), "asks for payment_by, too"),
        (paying(REASON, component("textfield", "payment_by")), "payment_by must be a date"),
        (paying(REASON, PAY_BY, *paying()[:1]), "A form has one payment only"),
        (
            (component("number", "award", properties={"payment": "true"}), REASON, PAY_BY),
            "a payment needs the property money = true",
        ),
    ],
)
def test_what_a_payment_lacks_is_said(parts, words):
    assert any(words in problem for problem in problems(*parts)), problems(*parts)


def test_a_form_knows_whether_it_promises_something():
    assert LIST.promises and PAYING.promises
    assert not FOLLOW_UP.promises
