"""What becomes of what people type: answers, and sentences where one is missing or wrong."""

from __future__ import annotations

import json
from datetime import date

import pytest
from form_kit import TODAY, component, form, group, on, posted, said, text
from werkzeug.datastructures import MultiDict

from forms import Point, UnknownField, readable_answers

POINTS = [Point("7", "The leak was not repaired"), Point("9", "Nobody rang you back")]


def answer(field, typed, **bound):
    """The one answer of a one-field form, which must be right."""
    found = posted(form(field), typed, **bound)
    assert found.check(), found.errors
    json.dumps(found.answers, allow_nan=False)
    return found.answers[field["key"]]


def error(field, typed, **bound):
    (found,) = said(form(field), typed, **bound).values()
    return found


# ---- what is missing


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        (component("textfield", "x", "Your name"), "Enter your name"),
        (component("textfield", "x", "Name of the officer"), "Enter the name of the officer"),
        (component("textfield", "x", "MP's name"), "Enter the MP's name"),
        (component("textarea", "x", "What happened"), "Tell us what happened"),
        (component("textarea", "x", "Describe the damage"), "Describe the damage"),
        (component("textarea", "x", "What went wrong?"), "Answer “What went wrong?”"),
        (component("datetime", "x", "When it happened"), "Enter the date it happened"),
        (component("datetime", "x", "Date of the visit"), "Enter the date of the visit"),
        (component("radio", "x", "Outcome", values="a b"), "Choose the outcome"),
        (component("radio", "x", "Is it safe?", values="a b"), "Choose an answer to “Is it safe?”"),
        (component("select", "x", "Team", values="a b"), "Choose the team"),
        (component("checklist", "x", "Channels", values="a b"), "Choose the channels"),
        (component("checkbox", "x", "I have permission"), "Tick the box “I have permission”"),
        (component("filepicker", "x", "Photos"), "Add a file for “Photos”"),
        (component("number", "x", "Number of visits"), "Enter the number of visits"),
        (
            component("textfield", "x", "Name", properties={"error": "Tell us who you are"}),
            "Tell us who you are",
        ),
    ],
)
def test_a_missing_answer_is_asked_for_in_words_that_fit_the_question(field, sentence):
    needed = field | {"validate": {"required": True}}
    assert error(needed, {}) == sentence
    assert error(needed, {name: " \n " for name in form(field).fields[0].names}) == sentence
    assert said(form(field), {}) == {}


def test_blanks_are_the_blanks_of_facts():
    definition = form(
        component("textfield", "a"), component("textarea", "b"), component("number", "c"),
        component("datetime", "d"), component("radio", "e", values="x y"),
        component("checklist", "f", values="x y"), component("checkbox", "g"),
        component("filepicker", "h"), component("number", "i", properties={"money": "true"}),
        component("textarea", "j", properties={"points": "true"}),
    )  # fmt: skip
    found = posted(definition, {})
    assert found.check()
    assert found.answers == {
        "a": "", "b": "", "c": None, "d": None, "e": "", "f": [], "g": False, "h": [], "i": None,
        "j": "",
    }  # fmt: skip


# ---- texts


def test_texts_lose_what_nobody_types_and_keep_their_lines():
    dirty = "\x00 Dear\ud800 all,\r\nthe \x07roof\ufffe leaks \t"
    assert answer(component("textarea", "x"), {"x": dirty}) == "Dear all,\nthe roof leaks"
    assert answer(component("textfield", "x"), {"x": dirty}) == "Dear all, the roof leaks"


def test_what_is_kept_for_drafts_is_clean_too():
    assert posted(form(component("textfield", "x")), {"x": "a\x00b\ud800"}).typed == {"x": ["ab"]}


def test_texts_have_a_longest_and_a_shortest_length():
    assert len(answer(component("textarea", "x"), {"x": "a" * 20_000})) == 20_000
    over = error(component("textarea", "x", "Your story"), {"x": "a" * 20_003})
    assert over == "Your story must be 20,000 characters or fewer. It is 3 over"
    short = component("textfield", "x", "Reference", validate={"minLength": 8})
    assert error(short, {"x": "abc"}) == "Reference must be 8 characters or more"


def test_an_email_address_and_a_phone_number_are_whole():
    email = component("textfield", "x", validate={"validationType": "email"})
    assert answer(email, {"x": " kezia.b@example.org "}) == "kezia.b@example.org"
    for bad in ("kezia", "a@b", "a b@c.org", "a@b..org", "a@b.org, c@d.org", "<a@b.org>"):
        assert error(email, {"x": bad}) == "Enter a whole e-mail address, like name@example.com"
    phone = component("textfield", "x", validate={"validationType": "phone"})
    assert answer(phone, {"x": "+44 (0)161 496-0300"})
    assert error(phone, {"x": "ring me"}) == "Enter a phone number, like 0161 496 0200"


def test_a_pattern_is_explained_by_the_owners_words():
    rule = {"pattern": "^[0-9]{8}$"}
    field = component("textfield", "x", "Tenancy number", validate=rule, description="8 digits.")
    assert answer(field, {"x": "12345678"}) == "12345678"
    assert error(field, {"x": "1234"}) == "Check Tenancy number: 8 digits."
    own = field | {"properties": {"error": "Enter the 8 digits of your tenancy number"}}
    assert error(own, {"x": "1234"}) == "Enter the 8 digits of your tenancy number"


def test_points_are_one_a_line_without_bullets():
    field = component("textarea", "x", properties={"points": "true"})
    assert answer(field, {"x": "1. The leak\r\n\r\n - No visit \n* Nobody rang"}) == (
        "The leak\nNo visit\nNobody rang"
    )
    assert error(field, {"x": "a" * 501}) == "Point 1 must be 500 characters or fewer"
    assert error(field, {"x": "a\n" * 31}) == "X must be 30 lines or fewer"


# ---- numbers and money


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("£1,500.50", "1500.50"),
        ("150", "150.00"),
        ("£ 25", "25.00"),
        ("0", "0.00"),
        ("-0", "0.00"),
        (" 1234567.5 ", "1234567.50"),
    ],
)
def test_money_is_read_as_people_write_it(typed, stored):
    assert answer(component("number", "x", properties={"money": "true"}), {"x": typed}) == stored


@pytest.mark.parametrize("typed", ["ten", "12,50", "1.005", "-5", "£", "1e3", "١٢", "NaN", "1 £"])
def test_what_is_not_an_amount_is_not_guessed_at(typed):
    field = component("textfield", "x", "Payment", properties={"money": "true"})
    assert error(field, {"x": typed}) == ("Payment must be an amount, like 150 or 1,500.50")


def test_limits_of_money_are_said_in_pounds():
    field = component(
        "number", "x", "Payment", properties={"money": "true"}, validate={"min": 10, "max": 250.5}
    )
    assert error(field, {"x": "250.51"}) == "Payment must be £250.50 or less"
    assert error(field, {"x": "9.99"}) == "Payment must be £10 or more"
    assert answer(field, {"x": "250.50"}) == "250.50"


def test_numbers_are_whole_unless_the_form_says_otherwise():
    whole = component("number", "x", "Visits", validate={"min": 1, "max": 99})
    assert answer(whole, {"x": "7"}) == 7
    assert answer(component("number", "x"), {"x": "1,000"}) == 1000
    assert error(whole, {"x": "1.5"}) == "Visits must be a whole number"
    assert error(whole, {"x": "many"}) == "Visits must be a number, like 12"
    assert error(whole, {"x": "0"}) == "Visits must be 1 or more"
    assert error(whole, {"x": "100"}) == "Visits must be 99 or less"
    rate = component("number", "x", decimalDigits=2)
    assert answer(rate, {"x": "2.25"}) == 2.25
    assert error(rate, {"x": "2.255"}) == "X must be a number with 2 decimals or fewer"


def test_nought_is_an_answer():
    assert answer(component("number", "x", required=True), {"x": "0"}) == 0


# ---- dates

HAPPENED = component(
    "datetime", "x", "When it happened", required=True, properties={"max": "today"}
)


def test_a_date_is_three_inputs_and_months_may_have_names():
    assert answer(HAPPENED, on("x", 5, 11, 2026)) == "2026-11-05"
    assert answer(HAPPENED, on("x", "05", "November", "2026")) == "2026-11-05"
    assert answer(HAPPENED, on("x", 29, "feb", 2024)) == "2024-02-29"


@pytest.mark.parametrize(
    ("typed", "sentence", "link"),
    [
        (("", "", ""), "Enter the date it happened", "#x-day"),
        (("5", "", "2026"), "The date must include a month", "#x-month"),
        (("5", "", ""), "The date must include a month and a year", "#x-month"),
        (("31", "2", "2026"), "The date must be a real date, like 27 11 2026", "#x-day"),
        (("5", "13", "2026"), "The date must be a real date, like 27 11 2026", "#x-month"),
        (("5", "11", "26"), "The date must be a real date, like 27 11 2026", "#x-year"),
        (("32", "11", "2026"), "The date must be a real date, like 27 11 2026", "#x-day"),
        (("٣", "11", "2026"), "The date must be a real date, like 27 11 2026", "#x-day"),
        (("25", "11", "2026"), "The date must be today or earlier", "#x-day"),
        (("31", "12", "1989"), "The date must be Monday 1 January 1990 or later", "#x-day"),
    ],
)
def test_a_wrong_date_says_what_is_wrong_and_where(typed, sentence, link):
    found = posted(form(HAPPENED), on("x", *typed))
    assert not found.check()
    assert found.error_list == [(link, sentence)]


def test_today_itself_may_be_given_and_a_visit_may_be_ahead():
    assert answer(HAPPENED, on("x", 24, 11, 2026)) == "2026-11-24"
    ahead = component("datetime", "x", "Date of the visit", disallowPassedDates=True)
    assert answer(ahead, on("x", 24, 11, 2026)) == "2026-11-24"
    assert error(ahead, on("x", 23, 11, 2026)) == "Date of the visit must be today or later"


def test_limits_of_a_date_can_be_days():
    field = component(
        "datetime", "x", "Date", properties={"min": "1970-01-01", "max": "2026-12-31"}
    )
    assert answer(field, on("x", 1, 1, 1970)) == "1970-01-01"
    assert error(field, on("x", 1, 1, 2027)) == (
        "Date must be Thursday 31 December 2026 or earlier"
    )


def test_without_todays_date_nothing_is_let_through():
    found = form(HAPPENED).bind(typed=on("x", 5, 11, 2026))
    with pytest.raises(TypeError, match="bind the form with today"):
        found.check()


def test_what_came_in_earlier_needs_its_reason():
    definition = form(
        component("datetime", "received_on", "When it came"),
        component("textfield", "received_reason", "If before today: why is it recorded now?"),
    )
    friday = on("received_on", 20, 11, 2026)
    assert said(definition, friday) == {
        "received_reason": "Say why this is recorded later than the day it came"
    }
    assert said(definition, friday | {"received_reason": "The letter came on Friday."}) == {}
    assert said(definition, on("received_on", 24, 11, 2026)) == {}
    assert said(definition, {}) == {}
    assert said(definition, on("received_on", 25, 11, 2026)) == {
        "received_on": "The date must be today or earlier"
    }


# ---- choices


def test_only_what_is_offered_can_be_chosen():
    for kind in ("radio", "select"):
        field = component(kind, "x", "Outcome", values="upheld partly")
        assert answer(field, {"x": "partly"}) == "partly"
        assert error(field, {"x": "dismissed"}) == "Choose one of the answers to “Outcome”"
        assert posted(form(field), {"x": "dismissed"}).answers == {"x": ""}
    boxes = component("checklist", "x", "Channels", values="post email phone")
    assert answer(boxes, {"x": ["phone", "post", "phone", ""]}) == ["post", "phone"]
    assert error(boxes, {"x": ["post", "fax"]}) == "Choose one of the answers to “Channels”"


def test_a_person_is_one_of_the_team_that_the_form_is_bound_with():
    field = component("select", "x", "Officer", properties={"person": "housing"}, required=True)
    people = {"housing": [("u1", "Grace Holt")], "board": [("u2", "Bea Lanfear")]}
    assert answer(field, {"x": "u1"}, people=people) == "u1"
    assert error(field, {"x": "u2"}, people=people) == "Choose one of the answers to “Officer”"
    assert error(field, {"x": "u1"}) == "Choose one of the answers to “Officer”"


def test_files_are_ids_of_what_was_uploaded():
    field = component("filepicker", "x", multiple=True)
    one, two = "a" * 32, "0123456789abcdef" * 2
    assert answer(field, {"x": [one, two, one]}) == [one, two]
    for bad in ("../../etc/passwd", "A" * 32, "a" * 31, "a" * 33):
        assert error(field, {"x": bad}) == "Add the file again. We could not find it"
    assert error(component("filepicker", "x"), {"x": [one, two]}) == "Add 1 or fewer files"


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
    found = posted(RESPONSE, {"outcome__7": "upheld", "outcome__9": "partly"}, points=POINTS)
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
        posted(RESPONSE, {"outcome__8": "upheld"}, points=POINTS)
    with pytest.raises(UnknownField):
        posted(RESPONSE, {"outcome": "upheld"}, points=POINTS)


def test_a_points_id_must_be_fit_for_a_name():
    with pytest.raises(ValueError, match="cannot be part of a field's name"):
        RESPONSE.bind(points=[Point('7"><script>', "x")])


def test_letter_parts_are_there_before_all_is_answered():
    typed = {"findings__7": "The pipe is cracked.", "outcome__7": "upheld", "award": "0"}
    found = posted(RESPONSE, typed, points=POINTS)
    assert found.letter_parts == {
        "findings": "1. The leak was not repaired\n\nThe pipe is cracked.\n\nOutcome: Upheld"
    }
    typed |= {"outcome__9": "partly", "remedies": "A new pipe\nA call", "award": "£1,150"}
    found = posted(RESPONSE, typed, points=POINTS)
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
    assert readable_answers(RESPONSE, answers, points=POINTS) == [
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
    first, second = (form(HAPPENED).bind(typed={}, today=date(2026, 11, 24)) for _ in range(2))
    assert not first.check()
    assert second.errors == {}
    assert first.today == TODAY
