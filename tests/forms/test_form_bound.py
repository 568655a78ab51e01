"""A form in somebody's hands: what applies, points, drafts, stories and histories."""

from __future__ import annotations

import json

import pytest
from form_kit import TODAY, component, form, group, on, posted, said, text
from werkzeug.datastructures import MultiDict

from forms import Row, UnknownField, readable_answers

POINTS = {"point": [Row("7", "The leak was not repaired"), Row("9", "Nobody rang you back")]}
HAPPENED = component(
    "datetime", "x", "When it happened", required=True, properties={"max": "today"}
)


# ---- conditions

ADAPTIVE = form(
    component("radio", "channel", values="post email", required=True),
    component("textfield", "email", "E-mail", hide='=channel != "email"', required=True),
    component("checkbox", "copy", "Send a copy", hide="=email = null"),
    group(
        "By post",
        component("textarea", "address", "Address", required=True),
        text("We write to {case_place}."),
        hide='=channel != "post"',
    ),
)


def test_hidden_questions_are_neither_asked_for_nor_kept():
    found = posted(ADAPTIVE, {"channel": "post", "address": "12 Elm Row", "email": "a@b.org"})
    assert found.check()
    assert found.answers == {"channel": "post", "address": "12 Elm Row"}
    assert found.typed["email"] == ["a@b.org"]
    assert said(ADAPTIVE, {"channel": "email"}) == {"email": "Enter the e-mail"}


def test_hiding_a_question_hides_what_follows_from_it():
    shown = posted(ADAPTIVE, {"channel": "email", "email": "a@b.org", "copy": "true"})
    assert shown.check() and shown.answers["copy"] is True
    hidden = posted(
        ADAPTIVE, {"channel": "post", "email": "a@b.org", "address": "x", "copy": "true"}
    )
    assert hidden.check() and "copy" not in hidden.answers


# ---- points

RESPONSE = form(
    group(
        "For each point",
        component("textarea", "findings", "What we found", required=True,
                  properties={"letter_part": "findings"}),
        component("radio", "outcome", "Outcome", values="upheld partly", required=True,
                  properties={"letter_part": "findings"}),
        component("textarea", "why", "Why only partly", hide='=outcome != "partly"', required=True),
        properties={"for_each": "point"},
    ),
    component("textarea", "remedies", properties={"letter_part": "remedies"}),
    component("number", "award", "Payment", properties={"money": "true", "letter_part": "payment"}),
)  # fmt: skip


def test_a_group_is_asked_once_for_each_point():
    found = posted(RESPONSE, {"outcome__7": "upheld", "outcome__9": "partly"}, rows=POINTS)
    assert [field.key for field in found.fields] == [
        "findings__7", "outcome__7", "why__7", "findings__9", "outcome__9", "why__9",
        "remedies", "award",
    ]  # fmt: skip
    assert not found.check()
    assert found.error_list == [
        ("#findings__7", "Tell us what we found (point 1)"),
        ("#findings__9", "Tell us what we found (point 2)"),
        ("#why__9", "Tell us why only partly (point 2)"),
    ]
    assert found.errors["findings__7"] == "Tell us what we found"


def test_a_point_that_the_case_does_not_have_is_unknown():
    with pytest.raises(UnknownField):
        posted(RESPONSE, {"outcome__8": "upheld"}, rows=POINTS)
    with pytest.raises(UnknownField):
        posted(RESPONSE, {"outcome": "upheld"}, rows=POINTS)


def test_a_points_id_must_be_fit_for_a_name():
    with pytest.raises(ValueError, match="cannot be part of a field's name"):
        RESPONSE.bind(rows={"point": [Row('7"><script>', "x")]})


def test_letter_parts_are_there_before_all_is_answered():
    typed = {"findings__7": "The pipe is cracked.", "outcome__7": "upheld", "award": "0"}
    found = posted(RESPONSE, typed, rows=POINTS)
    assert found.letter_parts == {
        "findings": "1. The leak was not repaired\n\nThe pipe is cracked.\n\nOutcome: Upheld"
    }
    typed |= {"outcome__9": "partly", "remedies": "A new pipe\nA call", "award": "£1,150"}
    found = posted(RESPONSE, typed, rows=POINTS)
    assert found.letter_parts["findings"].endswith("2. Nobody rang you back\n\nOutcome: Partly")
    assert found.letter_parts["remedies"] == "A new pipe\nA call"
    assert found.letter_parts["payment"] == "£1,150"


# ---- names


def test_names_that_the_form_does_not_have_are_refused_with_the_names():
    with pytest.raises(UnknownField) as refused:
        posted(form(HAPPENED), MultiDict([("x", "2026-11-05"), ("role", "admin")]))
    assert refused.value.names == ["role", "x"]


def test_the_pages_own_names_are_left_alone():
    found = posted(form(HAPPENED), on("x", 5, 11, 2026) | {"csrf_token": "t", "pr_revision": "4"})
    assert found.check() and "csrf_token" not in found.typed


def test_of_several_values_for_one_question_the_first_counts():
    typed = MultiDict([("x", "first"), ("x", "second")])
    assert posted(form(component("textfield", "x")), typed).answers == {"x": "first"}


# ---- drafts, defaults, stories, histories


def test_a_draft_comes_back_as_typed_even_when_the_form_has_changed():
    typed = on("x", 31, 2, 2026) | {"gone": "old"}
    found = form(HAPPENED).bind(draft={name: [text] for name, text in typed.items()})
    assert found.typed == {"x-day": ["31"], "x-month": ["2"], "x-year": ["2026"]}
    again = form(HAPPENED).bind(draft=found.typed)
    assert again.typed == found.typed


def test_values_come_before_defaults_and_typing_before_both():
    field = component("textfield", "x", defaultValue="default")
    assert form(field).bind().answers == {"x": "default"}
    assert form(field).bind(values={"x": "value", "other": 1}).answers == {"x": "value"}
    assert form(field).bind(typed={}, values={"x": "value"}).answers == {"x": ""}


EVERY_KIND = form(
    component("textfield", "text"), component("textarea", "story"), component("number", "visits"),
    component("number", "rate", decimalDigits=1), component("datetime", "day"),
    component("radio", "channel", values="post email"), component("checkbox", "agreed"),
    component("checklist", "never", values="post email"), component("filepicker", "photos"),
    component("textfield", "award", properties={"money": "true"}),
    component("textarea", "points", properties={"points": "true"}),
)  # fmt: skip


def test_answers_played_by_a_story_are_the_answers_stored():
    answers = {
        "text": "Kezia", "story": "It leaks.\nStill.", "visits": 3, "rate": 2.5,
        "day": "2026-02-09", "channel": "email", "agreed": True, "never": ["email"],
        "photos": ["a" * 32], "award": "1500.50", "points": "The leak\nThe visit",
    }  # fmt: skip
    found = posted(EVERY_KIND, EVERY_KIND.as_typed(answers))
    assert found.check(), found.errors
    assert found.answers == answers
    assert json.loads(json.dumps(found.answers)) == answers


def test_a_story_cannot_answer_what_is_not_asked_or_give_an_unreal_date():
    with pytest.raises(UnknownField, match="colour"):
        EVERY_KIND.as_typed({"colour": "red"})
    typed = EVERY_KIND.as_typed({"day": "2026-02-31"})
    assert said(EVERY_KIND, typed) == {"day": "Day must be a real date, like 27 11 2026"}


def test_histories_are_read_in_words():
    answers = {
        "text": "Kezia", "visits": 3, "day": "2026-11-27", "channel": "email", "agreed": False,
        "never": ["email", "post"], "photos": ["a" * 32], "award": "1500.50", "points": "",
    }  # fmt: skip
    assert readable_answers(EVERY_KIND, answers) == [
        ("Text", "Kezia"),
        ("Visits", "3"),
        ("Day", "Friday 27 November 2026"),
        ("Channel", "Email"),
        ("Agreed", "No"),
        ("Never", "Email\nPost"),
        ("Photos", "1 file"),
        ("Award", "£1,500.50"),
        ("Points", "Not answered"),
    ]


def test_histories_name_points_and_people():
    answers = {"outcome__7": "upheld", "outcome__9": "partly"}
    assert readable_answers(RESPONSE, answers, rows=POINTS) == [
        ("1. The leak was not repaired: Outcome", "Upheld"),
        ("2. Nobody rang you back: Outcome", "Partly"),
    ]
    assert readable_answers(RESPONSE, answers)[1] == ("2. Point 2: Outcome", "Partly")
    officer = form(component("select", "officer", properties={"person": "housing"}))
    people = {"housing": [("u1", "Grace Holt")]}
    assert readable_answers(officer, {"officer": "u1"}, people=people) == [
        ("Officer", "Grace Holt")
    ]
    assert readable_answers(officer, {"officer": "u9"}) == [("Officer", "u9")]


def test_texts_tell_facts_as_people_say_them():
    definition = form(
        component("textfield", "x"),
        text(
            "# Limits\nAcknowledged {acknowledged_on},\nresponse {responded_on}.\n\n"
            "- up to {award}\n- {agreed} {outcome} {channels}"
        ),
    )
    facts = {
        "acknowledged_on": "2026-11-13", "responded_on": None, "award": "1500.00", "agreed": True,
        "outcome": "partly_upheld", "channels": ["post", "email"],
    }  # fmt: skip
    blocks = definition.bind(facts=facts).tree[1].blocks
    assert [(block.kind, block.lines) for block in blocks] == [
        ("heading", ("Limits",)),
        ("paragraph", ("Acknowledged Friday 13 November 2026, response not known yet.",)),
        ("list", ("up to £1,500", "yes partly upheld post, email")),
    ]


def test_a_fact_cannot_bring_headings_or_placeholders_of_its_own():
    definition = form(component("textfield", "x"), text("By {name}."))
    (block,) = definition.bind(facts={"name": "# {name}\n- <b>"}).tree[1].blocks
    assert (block.kind, block.lines) == ("paragraph", ("By # {name}\n- <b>.",))


def test_keys_that_are_names_in_wtforms_are_only_keys():
    names = ("data", "errors", "meta", "validate", "process", "filter_data", "items", "values")
    definition = form(*(component("textfield", name) for name in names))
    found = posted(definition, {name: name for name in names})
    assert found.check()
    assert found.answers == {name: name for name in names}


def test_a_bound_form_belongs_to_one_person_only():
    first, second = (form(HAPPENED).bind(typed={}, today=TODAY) for _ in range(2))
    assert not first.check()
    assert second.errors == {}
