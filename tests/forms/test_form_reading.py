"""What of a form-js file is taken, and what is refused in which words."""

from __future__ import annotations

import pytest
from form_kit import REAL, component, form, group, problems, problems_of, schema, text

from forms import FormDefinition, FormRefused, Option

NAME = component("textfield", "name")
CHANNEL = component("radio", "channel", values="post email phone")


@pytest.mark.parametrize("path", REAL, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_form_of_the_repository_can_be_read(path):
    assert FormDefinition.parse(path.read_bytes(), path.stem).fields


def test_a_field_has_what_the_editor_wrote():
    definition = form(
        component(
            "radio",
            "outcome",
            "Outcome",
            description="For each point.",
            values="upheld partly",
            required=True,
            properties={"letter_part": "findings"},
        ),
        title="Answer the complaint",
    )
    (field,) = definition.fields
    assert definition.title == "Answer the complaint"
    assert (field.key, field.type, field.label, field.hint, field.required) == (
        "outcome", "radio", "Outcome", "For each point.", True,
    )  # fmt: skip
    assert field.options == (Option("upheld", "Upheld"), Option("partly", "Partly"))
    assert field.properties["letter_part"] == "findings"


def test_a_form_without_a_title_is_called_by_its_name():
    assert FormDefinition.parse(schema(NAME), "stage_1_response").title == "Stage 1 response"


def test_buttons_and_lines_are_left_out():
    definition = form(NAME, {"type": "button", "label": "Send"}, {"type": "separator"})
    assert len(definition.tree) == 1


@pytest.mark.parametrize(
    "kind", ["html", "iframe", "dynamiclist", "table", "image", "documentPreview", "spreadsheet"]
)
def test_other_components_are_refused_by_name(kind):
    (problem,) = problems(NAME, {"type": kind, "id": "X1", "label": "Extra"})
    assert problem.startswith(f"“Extra”: we cannot use a {kind}.")


@pytest.mark.parametrize(
    "key",
    [
        "",
        "Name",
        "1st",
        "a-b",
        "a__1",
        "__name",
        "x" * 42,
        "naïve",
        "a b",
        "constructor\n",
        None,
        3,
    ],
)
def test_keys_are_small_letters_digits_and_single_underscores(key):
    (problem,) = problems(component("textfield", "x", "Field") | {"key": key})
    assert "needs small letters, digits and single _ only" in problem


@pytest.mark.parametrize(
    "key", ["typename", "len", "working_days", "later", "csrf_token", "pr_next", "class", "true"]
)
def test_keys_that_mean_something_else_are_refused(key):
    (problem,) = problems(component("textfield", key))
    assert f"the key {key} means something else here" in problem


def test_the_reserved_keys_can_be_handed_in():
    with pytest.raises(FormRefused, match="the key channel means something else"):
        FormDefinition.parse(schema(CHANNEL), "a_form", reserved={"channel"})


def test_two_fields_with_one_key_are_refused():
    (problem,) = problems(NAME, component("textarea", "name", "The other one"))
    assert problem == "“Name” and “The other one” have the same key, name. Give each its own."


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (text("Dear {{name}}"), "{{ }} is not filled in here"),
        (component("textfield", "x", "Hello {{name}}"), "{{ }} is not filled in here"),
        (component("textfield", "x", "=name"), "“=name” is an expression"),
        (component("textfield", "x", description="=today()"), "“=today()” is an expression"),
        (component("number", "x", validate={"max": "=limit"}), "“=limit” is an expression"),
        (component("select", "x", valuesKey="options"), "its answers come from data (valuesKey)"),
        (component("select", "x", valuesExpression="=a"), "come from data (valuesExpression)"),
        (component("textfield", "x", readonly=True), "nobody can fill in"),
        (component("textfield", "x", readonly="=a"), "nobody can fill in"),
        (component("datetime", "x", subtype="time"), "we ask for dates only"),
        (component("radio", "x", values=[]), "list 1 to 200 answers"),
        (component("radio", "x"), "list 1 to 200 answers"),
        (component("radio", "x", values=[{"label": "Yes"}]), "the answer “Yes” has no value"),
        (component("radio", "x", values="a a"), "two answers have the value a"),
        (component("radio", "x", values="a b", defaultValue="c"), "the default “c” is not one"),
        (component("textfield", "x") | {"label": " "}, "it has no label"),
        (component("textfield", "x", properties={"leter_part": "a"}), "the property leter_part"),
        (component("textfield", "x", properties={"person": "team"}), "person belongs on a select"),
        (component("textarea", "x", properties={"letter_part": "A b"}), "cannot be “A b”"),
        (
            component("select", "x", values="a b", properties={"keeps_out": "true"}),
            "keeps_out needs the property person",
        ),
        (
            component("textfield", "x", properties={"keeps_out": "true"}),
            "keeps_out belongs on a select or checklist",
        ),
        (component("datetime", "x", properties={"max": "2026-02-31"}), "2026-02-31 is not a date"),
        (component("number", "x", validate={"min": "ten"}), "“ten” is not a number"),
        (group("G", NAME, path="person"), "leave the path empty"),
        (text("The limit is {not a fact}."), "{not a fact} is not the name of a fact"),
        (
            group(
                "G",
                group("H", component("textfield", "y"), properties={"for_each": "point"}),
                properties={"for_each": "point"},
            ),
            "a repeated group cannot stand in another one",
        ),
    ],
)
def test_what_the_server_would_not_keep_to_is_refused(part, words):
    found = problems(component("textfield", "other"), part)
    assert len(found) == 1 and words in found[0], found


@pytest.mark.parametrize(
    ("hide", "words"),
    [
        ('=chanel = "post"', "asks about chanel, which is not a field"),
        ('=channel = "fax"', "“fax” is not an answer of channel. It has: post, email, phone."),
        ('=list contains(channel, "post")', "channel has one answer only"),
        ('=never = "post"', "never has several answers. Ask with list contains(never, …)"),
        ('=list contains(never, "fax")', "“fax” is not an answer of never"),
        ('=list contains(["post", "fax"], channel)', "“fax” is not an answer of channel"),
        (
            '=amount > "10" or amount = "10"',
            'amount is a number, so it cannot be compared with "10"',
        ),
        ('=agreed = "yes"', 'agreed is true or false, so it cannot be compared with "yes"'),
        ("=below = null", "asks about below, which does not come before it"),
        ("=channel == null", "use one = to compare"),
        ("=photos = null", "files and lists of points do not decide"),
    ],
)
def test_a_condition_asks_something_that_can_be_answered(hide, words):
    found = problems(
        CHANNEL,
        component("checklist", "never", values="post email"),
        component("number", "amount"),
        component("checkbox", "agreed"),
        component("filepicker", "photos"),
        component("textfield", "asked", hide=hide),
        component("textfield", "below"),
    )
    assert len(found) == 1 and words in found[0] and found[0].startswith("“Asked”"), found


def test_nobody_outside_may_ask_about_what_is_asked_for_each_point():
    repeated = group(
        "Points",
        component("radio", "outcome", values="upheld not_upheld"),
        component("textarea", "why", hide='=outcome = "upheld"'),
        properties={"for_each": "point"},
    )
    assert problems(repeated) == []
    (problem,) = problems(repeated, component("textfield", "x", hide='=outcome = "upheld"'))
    assert "is asked several times" in problem


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("a" * 121, "is longer than 120 characters"),
        ("^(a+)+$", "repeats a group that itself repeats"),
        ("^(a|aa)*$", "repeats a group that itself repeats"),
        ("^([a-z]{1,3}){2,9}$", "repeats a group that itself repeats"),
        (r"^.*.*.*x$", "too many open repeats"),
        (r"\w+\w+\w+!", "too many open repeats"),
        ("[a-z]{1,99}[0-9]{1,99}!", "begin it with ^"),
        ("^(a)\\1$", "we do not allow"),
        ("^(?=a).*$", "we do not allow"),
        ("^(?i:a)$", "we do not allow"),
        ("^(a$", "cannot be read"),
        ("^[a$", "cannot be read"),
    ],
)
def test_patterns_that_could_stop_the_server_are_refused(pattern, words):
    (problem,) = problems(component("textfield", "x", validate={"pattern": pattern}))
    assert words in problem


@pytest.mark.parametrize(
    "pattern",
    [
        "^[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}$",
        r"^\d{8}$",
        "^(SH|CHP)-[0-9]{4}$",
        "^(ab)+$",
        "^[a-z]{1,99}[0-9]{1,99}!",
        "^.+@.+$",
        r"^\+?[0-9 ]{7,20}$",
        "^(?:Mr|Mrs|Ms)?$",
    ],
)
def test_ordinary_patterns_are_taken(pattern):
    assert problems(component("textfield", "x", validate={"pattern": pattern})) == []


def test_everything_that_is_wrong_is_said_at_once():
    assert len(problems({"type": "html"}, component("textfield", "Bad"), NAME, NAME)) == 3


def test_too_many_parts_are_refused():
    fields = [component("textfield", f"f{n}") for n in range(121)]
    assert problems(*fields[:120]) == []
    (problem,) = problems(*fields)
    assert "121 parts" in problem


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"x" * 262_145, "larger than 256 kilobytes"),
        (b"not json", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 200_000, "not JSON"),
        (b'{"components": [NaN]}', "not JSON"),
        (b'{"components": [{"type": "text", "text": "\\ud800"}]}', "not JSON"),
        (b"[]", "no list of components"),
        (b'{"components": {}}', "no list of components"),
        (b'{"components": [], "type": "default", "schemaVersion": 3}', "old editor"),
        (b'{"components": [], "schemaVersion": 18}', "its type is not"),
        (b'{"components": [], "type": "default", "schemaVersion": 18}', "asks nothing"),
        (b'{"components": [7], "type": "default", "schemaVersion": 18}', "has no type"),
    ],
)
def test_what_is_not_a_form_is_refused(raw, words):
    (problem,) = problems_of(raw)
    assert words in problem


def test_the_facts_in_texts_are_known_to_lint():
    definition = form(NAME, text("Acknowledged on {acknowledged_on}, {extension} days more."))
    assert definition.facts_shown == {"acknowledged_on", "extension"}


def test_fields_groups_and_texts_cite_paragraphs_of_the_policy() -> None:
    made = form(
        component("textarea", "story", label="What happened?", properties={"policy": "3.2a"}),
        text("Say sorry once.", properties={"policy": "5.1"}),
        group(
            "Learning",
            component("textarea", "learning"),
            component("textarea", "change", properties={"policy": "6.1"}),
            properties={"policy": "6.1, 8.2"},
        ),
    )

    assert made.cited == (
        ("What happened?", "3.2a"),
        ("Say sorry once.", "5.1"),
        ("Learning", "6.1, 8.2"),
        ("Change", "6.1"),
    )
