"""The HTML of a form: labels, ids, links from the error summary, and no script or style inside."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from form_kit import REAL, ROOT, TODAY, component, form, group, on, text
from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PackageLoader,
    PrefixLoader,
    Template,
)
from lxml import html

from forms import BoundForm, FormDefinition, Row

PAGE = """
{% from "forms/form.html" import form_fields, error_summary, hidden_answers, answers_summary %}
{% macro upload(bound, field) %}<p class="slot">{{ field.key }}</p>{% endmacro %}
<main>{{ error_summary(bound) }}<form>{{ form_fields(bound, upload if slot else none) }}</form>
<div id="again">{{ hidden_answers(bound) }}</div>
<div id="summary">{{ answers_summary(bound) }}</div></main>
"""
POINTS = {"point": [Row("1", "The leak & the <mould>"), Row("2", "The visit")]}
PEOPLE = {"housing": [("u1", "Grace Holt"), ("u2", "Paul Ames")]}

EVERYTHING = form(
    text("# Before you start\nAcknowledged on {acknowledged_on}.\n\n- one\n- two <b>"),
    component("textfield", "name", 'Your "full" name', description="As on <the> letter.",
              required=True, properties={"autocomplete": "name"}),
    component("textfield", "email", "E-mail", validate={"validationType": "email"}),
    component("textarea", "story", "What happened", required=True),
    component("number", "visits", "Number of visits"),
    component("number", "award", "Payment", properties={"money": "true"}, description="Up to £250.",
              required=True),
    component("datetime", "happened_on", "When it happened", required=True,
              properties={"max": "today"}, description="About is fine."),
    component("radio", "channel", "How shall we write?", values="post email", required=True),
    component("radio", "outcome", "Outcome", required=True,
              values=[{"value": "a", "label": "We agree with all of what you told us"},
                      {"value": "b", "label": "We do not agree"}]),
    component("checklist", "never", "Never use", values="post email phone text", required=True),
    component("checkbox", "agreed", "I agree", required=True, description="You can change it."),
    component("select", "officer", "Officer", properties={"person": "housing"}, required=True),
    component("filepicker", "photos", "Photos", multiple=True, description="Up to 20 MB.",
              required=True),
    group("By post",
          component("textarea", "address", "Address", required=True),
          group("", component("textfield", "flat", "Flat")),
          hide='=channel != "post"'),
    group("Each point",
          component("textarea", "findings", "What we found", required=True),
          component("radio", "result", "Outcome", values="upheld partly no", required=True),
          component("textfield", "why", "Why", hide='=result != "partly"'),
          properties={"for_each": "point"}),
)  # fmt: skip


@cache
def page_template(as_in_the_app: bool) -> Template:
    """The page, also with the white space settings of the application."""
    environment = Environment(
        loader=ChoiceLoader(
            [
                FileSystemLoader(ROOT / "app" / "templates"),
                PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
            ]
        ),
        autoescape=True,
        trim_blocks=as_in_the_app,
        lstrip_blocks=as_in_the_app,
    )
    return environment.from_string(PAGE)


@pytest.fixture(params=[False, True], ids=["bare", "as in the app"])
def draw(request):
    """Draw a bound form."""

    def drawn(bound: BoundForm, slot: bool = False) -> html.HtmlElement:
        return html.fromstring(page_template(request.param).render(bound=bound, slot=slot))

    return drawn


def bind(definition: FormDefinition, typed: dict[str, Any] | None = None) -> BoundForm:
    teams = {team: [("7", "Ann Bell"), ("8", "Bo Carr")] for team in definition.teams}
    return definition.bind(
        typed=typed, rows=POINTS, people=teams | PEOPLE, today=TODAY,
        facts={"acknowledged_on": "2026-11-13"},
    )  # fmt: skip


def controls(page):
    return [
        control
        for control in page.xpath("//form//input | //form//select | //form//textarea")
        if control.get("type") != "hidden"
    ]


def assert_sound(page) -> None:
    """Every control has one label, every id is unique, every reference arrives."""
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids)), sorted(id for id in ids if ids.count(id) > 1)
    for control in controls(page):
        labels = page.xpath("//label[@for=$id]", id=control.get("id"))
        assert len(labels) == 1 and labels[0].text_content().strip(), control.get("name")
        assert control.get("name")
    for references in page.xpath("//@aria-describedby"):
        assert set(references.split()) <= set(ids), references
    for link in page.xpath("//*[contains(@class, 'error-summary')]//a"):
        (target,) = page.xpath("//*[@id=$id]", id=link.get("href")[1:])
        assert target.tag in ("input", "select", "textarea") or target.get("tabindex") == "-1"
        assert target.get("type") != "hidden"
    for fieldset in page.xpath("//form//fieldset"):
        assert fieldset.xpath("./legend")[0].text_content().strip()
    assert not page.xpath("//script | //style | //@style | //@*[starts-with(name(), 'on')]")


def test_a_fresh_form_is_sound(draw):
    page = draw(bind(EVERYTHING))
    assert_sound(page)
    names = {control.get("name") for control in controls(page)}
    asked = {name for field in bind(EVERYTHING).fields for name in field.names}
    assert names == asked - {"photos"}
    assert not page.xpath("//*[contains(@class, 'error')]")


def test_a_form_with_every_error_is_sound_and_says_each_beside_its_field(draw):
    bound = bind(EVERYTHING, {"channel": "post"})
    assert not bound.check()
    page = draw(bound)
    assert_sound(page)
    links = page.xpath("//*[contains(@class, 'error-summary')]//a")
    assert [(a.get("href"), a.text_content()) for a in links] == bound.error_list
    for key, message in bound.errors.items():
        (beside,) = page.xpath("//*[@id=$id]", id=f"{key}-error")
        assert beside.text_content().split("Error:")[1].strip() == message
        described = page.xpath("//@aria-describedby[contains(., $id)]", id=f"{key}-error")
        assert described, key


@pytest.mark.parametrize("path", REAL, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_form_of_the_repository_is_sound_with_its_errors(draw, path):
    bound = bind(FormDefinition.parse(path.read_bytes(), path.stem), {})
    bound.check()
    assert_sound(draw(bound))


def test_what_was_typed_comes_back_as_it_was_typed(draw):
    typed = on("happened_on", 31, 2, 2026) | {
        "name": 'K "B" <i>', "story": "First line\n  second\n\nthird </textarea>",
        "award": "£12,50",
        "channel": "email", "never": ["post", "text"], "agreed": "true", "officer": "u2",
        "findings__1": "a\nb", "result__2": "partly", "photos": ["a" * 32],
    }  # fmt: skip
    bound = bind(EVERYTHING, typed)
    bound.check()
    page = draw(bound)
    assert_sound(page)

    def value(id):
        (control,) = page.xpath("//*[@id=$id]", id=id)
        return control.text if control.tag == "textarea" else control.get("value")

    assert value("name") == 'K "B" <i>'
    assert value("story") == "First line\n  second\n\nthird </textarea>"
    assert value("findings__1") == "a\nb"
    assert value("award") == "£12,50"
    assert [value(f"happened_on-{part}") for part in ("day", "month", "year")] == [
        "31",
        "2",
        "2026",
    ]
    ticked = page.xpath("//form//input[@checked]/@value")
    assert ticked == ["email", "post", "text", "true", "partly"]
    assert page.xpath("//select[@id='officer']/option[@selected]/@value") == ["u2"]
    assert page.xpath("//form//input[@type='hidden'][@name='photos']/@value") == ["a" * 32]


def test_only_the_wrong_parts_of_a_date_are_marked(draw):
    bound = bind(EVERYTHING, {"happened_on-day": "5", "happened_on-year": "2026"})
    bound.check()
    page = draw(bound)
    marked = page.xpath("//input[contains(@class, 'govuk-input--error')]/@id")
    assert [id for id in marked if id.startswith("happened_on")] == ["happened_on-month"]
    assert page.xpath("//a[@href='#happened_on-month']")


def test_words_of_forms_and_facts_are_only_words(draw):
    page = draw(bind(EVERYTHING))
    assert page.xpath("//h2")[0].text_content() == "Before you start"
    assert "Acknowledged on Friday 13 November 2026." in page.text_content()
    assert [li.text_content() for li in page.xpath("//form//li")] == ["one", "two <b>"]
    assert page.xpath("//*[@id='name-hint']")[0].text_content().strip() == "As on <the> letter."
    legends = [
        legend.text_content() for legend in page.xpath("//fieldset[@class='pr-issue']/legend")
    ]
    assert legends == ["1. The leak & the <mould>", "2. The visit"]


def test_phones_and_browsers_are_told_what_is_asked(draw):
    page = draw(bind(EVERYTHING))
    (name,) = page.xpath("//*[@id='name']")
    (email,) = page.xpath("//*[@id='email']")
    (award,) = page.xpath("//*[@id='award']")
    assert name.get("autocomplete") == "name"
    assert email.get("type") == "email"
    assert award.get("inputmode") == "decimal"
    assert award.getparent().xpath("./div[@class='govuk-input__prefix']")[0].text == "£"
    assert page.xpath("//*[@id='visits']/@inputmode") == ["numeric"]
    assert "E-mail (optional)" in page.xpath("//label[@for='email']")[0].text_content()
    assert "(optional)" not in page.xpath("//label[@for='name']")[0].text_content()


def test_short_answers_stand_on_one_line(draw):
    page = draw(bind(EVERYTHING))
    lines = page.xpath("//*[contains(@class, 'govuk-radios--inline')]")
    assert {line.xpath(".//input/@name")[0] for line in lines} == {
        "channel",
        "result__1",
        "result__2",
    }


def test_conditions_and_kinds_travel_with_their_parts(draw):
    page = draw(bind(EVERYTHING))
    rules = [json.loads(rule) for rule in page.xpath("//@data-condition")]
    assert rules == [
        ["!=", ["name", "channel"], ["value", "post"]],
        ["!=", ["name", "result__1"], ["value", "partly"]],
        ["!=", ["name", "result__2"], ["value", "partly"]],
    ]
    fields = bind(EVERYTHING).fields
    assert page.xpath("//@data-field") == [field.key for field in fields]
    assert page.xpath("//@data-kind") == [field.kind for field in fields]
    assert not page.xpath("//*[@hidden or @disabled]"), "without scripts everything shows"


def test_the_page_draws_file_questions(draw):
    page = draw(bind(EVERYTHING), slot=True)
    assert_sound(page)
    (slot,) = page.xpath("//p[@class='slot']")
    assert slot.text_content() == "photos"
    assert slot.getparent().get("id") == "photos"
    assert "No files added" not in page.text_content()
    assert "No files added" in draw(bind(EVERYTHING)).text_content()


def test_hidden_answers_post_all_that_was_typed_again(draw):
    typed = {"name": "Kezia", "never": ["post", "text"], "story": 'a\n"b"', "photos": ["a" * 32]}
    typed |= on("happened_on", 5, "nov", 2026)
    bound = bind(EVERYTHING, typed)
    inputs = draw(bound).xpath("//*[@id='again']/input")
    again: dict[str, list[str]] = {}
    for control in inputs:
        assert control.get("type") == "hidden"
        again.setdefault(control.get("name"), []).append(control.get("value"))
    assert again == bound.typed
    assert bind(EVERYTHING, again).answers == bound.answers


def test_answers_are_summed_up_in_words(draw):
    typed = {"channel": "post", "address": "12 Elm Row\nSK3 <b>", "award": "150", "officer": "u1"}
    typed |= on("happened_on", 5, 11, 2026)
    page = draw(bind(EVERYTHING, typed))
    rows = {
        row.xpath("./dt")[0].text_content().strip(): row.xpath("./dd")[0]
        for row in page.xpath("//*[@id='summary']//dl/div")
    }
    said = {label: value.text_content().strip() for label, value in rows.items()}
    assert said["When it happened"] == "Thursday 5 November 2026"
    assert said["Payment"] == "£150"
    assert said["Officer"] == "Grace Holt"
    assert said['Your "full" name'] == "Not answered"
    assert said["2. The visit: Outcome"] == "Not answered"
    assert len(rows["Address"].xpath(".//br")) == 1 and "SK3 <b>" in said["Address"]
    assert "Why" not in said, "what does not apply is not summed up"
