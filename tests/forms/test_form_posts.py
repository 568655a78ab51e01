"""Posts that no browser makes: whatever comes, no error but UnknownField, and clean answers."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest
from form_kit import REAL, TODAY, component, form, group
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from forms import BoundForm, FormDefinition, Row, UnknownField, readable_answers

POINTS = {
    "point": [Row("1", "The leak"), Row("2", "The visit")],
    "promise": [Row("7", "Mend the gate")],
    "copy": [Row("8", "Braille")],
}
PEOPLE = {"team": [("u1", "Grace Holt")]}

EVERYTHING = form(
    component("textfield", "name", required=True, validate={"pattern": "^[a-z ]{1,20}$"}),
    component("textfield", "email", validate={"validationType": "email"}),
    component("textarea", "story", validate={"minLength": 3}),
    component("number", "visits", validate={"min": 1}),
    component("number", "rate", decimalDigits=6),
    component("textfield", "award", properties={"money": "true", "letter_part": "award"}),
    component("datetime", "received_on"),
    component("textfield", "received_reason", hide="=received_on = null"),
    component("radio", "channel", values="post email", required=True),
    component("checkbox", "agreed", hide='=channel = "post"', required=True),
    component("checklist", "never", values="post email phone"),
    component("select", "officer", properties={"person": "team"}),
    component("filepicker", "photos", hide='=list contains(never, "post")'),
    group(
        "Points",
        component("textarea", "findings", properties={"letter_part": "findings"}),
        component("radio", "outcome", values="upheld partly", properties={"letter_part": "x"}),
        component("datetime", "done_on", hide='=outcome != "upheld"', properties={"max": "today"}),
        properties={"for_each": "point"},
    ),
    component("textarea", "points", properties={"points": "true"}),
)


@cache
def real_forms() -> list[FormDefinition]:
    return [FormDefinition.parse(path.read_bytes(), path.stem) for path in REAL]


def bind(definition: FormDefinition, typed: Any) -> BoundForm:
    return definition.bind(typed=typed, people=PEOPLE, rows=POINTS, today=TODAY)


odd_texts = st.one_of(
    st.text(st.characters(), max_size=30),  # surrogates and NULs, too
    st.sampled_from(
        ["", " ", "\x00", "\ud800", "=1+1", "{{ 7*7 }}", "<script>", "true", "post", "upheld",
         "u1", "2026", "31", "2", "feb", "£1,500.50", "-0", "1e999", "NaN", "Infinity", "9" * 400,
         "a" * 20_001, "a" * 32, "\u202e", "../..", "a@b.org", "null", "[]", '{"a": 1}']
    ),
)  # fmt: skip
odd_names = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["typename", "__class__", "name[]", "name[a]", "name.x", "officer__1", "findings__3",
         "received_on", "data", "pr_revision", "csrf_token", "", "constructor", "__proto__"]
    ),
)  # fmt: skip


def check_whole(found: BoundForm) -> None:
    """What must hold of every post that was let in."""
    found.check()
    text = json.dumps(found.answers, allow_nan=False, ensure_ascii=False)
    text.encode()
    assert json.loads(text) == found.answers
    assert "\\u0000" not in json.dumps(found.answers)
    assert set(found.answers) <= {field.key for field in found.fields}
    json.dumps(found.typed, ensure_ascii=False).encode()
    assert all(isinstance(words, str) and words for words in found.errors.values())
    assert len(found.error_list) == len(found.errors)
    assert all(len(found.input(field).errors) <= 1 for field in found.fields)
    parts = found.letter_parts.values()  # one text, or a list of them
    assert all(isinstance(text, str) for p in parts for text in (p if isinstance(p, list) else [p]))
    assert all(said for _, said in found.said_answers)
    assert [found.params(field) for field in found.fields]
    again = found.definition.bind(draft=found.typed, rows=POINTS, people=PEOPLE, today=TODAY)
    assert again.typed == found.typed and again.answers == found.answers


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_values_under_the_forms_own_names_are_read_or_explained(data):
    names = [name for field in bind(EVERYTHING, {}).fields for name in field.names]
    pairs = data.draw(st.lists(st.tuples(st.sampled_from(names), odd_texts), max_size=40))
    found = bind(EVERYTHING, MultiDict(pairs))
    check_whole(found)
    if not found.errors:
        for number in ("visits", "rate"):
            assert found.answers[number] is None or abs(found.answers[number]) < 10**9
        assert found.answers["award"] is None or re.fullmatch(r"\d+\.\d\d", found.answers["award"])
        assert found.answers["officer"] in ("", "u1")
        # Whoever plays the stored answers again gets the same answers.
        replayed = EVERYTHING.as_typed(found.answers, rows=POINTS)
        assert bind(EVERYTHING, replayed).answers == found.answers
        assert len(readable_answers(EVERYTHING, found.answers)) == len(found.answers)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(odd_names, odd_texts), min_size=1, max_size=10))
def test_names_that_are_not_the_forms_own_are_the_only_error(pairs):
    posted = MultiDict(pairs)
    known = {name for field in bind(EVERYTHING, {}).fields for name in field.names}
    strange = {n for n in posted if n not in known and n != "csrf_token" and n[:3] != "pr_"}
    if not strange:
        check_whole(bind(EVERYTHING, posted))
        return
    with pytest.raises(UnknownField) as refused:
        bind(EVERYTHING, posted)
    assert set(refused.value.names) == strange


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["name", "never", "photos", "agreed"]),
        st.recursive(
            st.none() | st.booleans() | st.floats() | odd_texts,
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(odd_names, inner, max_size=2)
            ),
            max_leaves=6,
        ),
    )
)
def test_nested_and_typed_values_are_not_taken_for_texts(typed):
    found = bind(EVERYTHING, typed)
    check_whole(found)
    assert all(isinstance(text, str) for texts in found.typed.values() for text in texts)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_the_real_forms_hold_as_well(data):
    definition = data.draw(st.sampled_from(real_forms()))
    names = [name for field in bind(definition, {}).fields for name in field.names]
    options = [option.value for field in definition.fields for option in field.options]
    texts = odd_texts | st.sampled_from([*options, "1"])
    pairs = data.draw(st.lists(st.tuples(st.sampled_from(names), texts), max_size=60))
    check_whole(bind(definition, MultiDict(pairs)))
