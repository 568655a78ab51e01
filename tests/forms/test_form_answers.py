"""What becomes of one typed answer, and the sentence where it is missing or wrong."""

from __future__ import annotations

import json

import pytest
from form_kit import component, form, on, posted, said


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


def test_several_people_are_chosen_from_all_colleagues():
    field = component("checklist", "x", "Who", properties={"person": "*", "keeps_out": "true"})
    people = {"*": [("u1", "Grace Holt"), ("u2", "Bea Lanfear")]}
    assert answer(field, {"x": ["u2", "u1"]}, people=people) == ["u1", "u2"]
    assert error(field, {"x": ["u3"]}, people=people) == "Choose one of the answers to “Who”"


def test_files_are_ids_of_what_was_uploaded():
    field = component("filepicker", "x", multiple=True)
    one, two = "a" * 32, "0123456789abcdef" * 2
    assert answer(field, {"x": [one, two, one]}) == [one, two]
    for bad in ("../../etc/passwd", "A" * 32, "a" * 31, "a" * 33):
        assert error(field, {"x": bad}) == "Add the file again. We could not find it"
    assert error(component("filepicker", "x"), {"x": [one, two]}) == "Add 1 or fewer files"
