"""processes/README.md names everything that a procedure may be made of, and its examples work."""

from __future__ import annotations

import json
import re
import tomllib

import pytest

from app.engine import parse_facts
from app.engine.checks.references import PROPERTIES
from app.engine.facts import DEFAULTS, FUNCTIONS
from app.landlords import DueReport, Governance, Report
from app.letters import parse_letter
from app.letters.fields import FIXED_FIELDS
from app.letters.template import KEYS
from app.paragraphs import Paragraph, read_policy
from app.services.complaints import PERSON_FIELDS
from app.services.contents import KEPT_TYPES
from app.services.expectations import EXPECTATIONS
from app.services.lessons import KEYS as LESSON_KEYS
from app.services.stories import read_story
from app.settings import ROOT
from forms import FormDefinition
from forms.payments import NEEDS as PAYMENT_NEEDS
from forms.questions import KINDS
from forms.questions import PROPERTIES as FORM_PROPERTIES
from forms.repeats import REPEATS

README = (ROOT / "processes" / "README.md").read_text()
EXAMPLES = re.findall(r"```(?:toml|json)?\n(.*?)```", README, re.DOTALL)
NOT_TAUGHT = {"fact"}  # said, but never needed: a key that is a fact's name is a fact


def told(words: set[str]) -> set[str]:
    """Which of the words stand in the README between ` signs, alone or in an expression."""
    quoted = " ".join(re.findall(r"`([^`\n]+)`", README))
    return {word for word in words if re.search(rf"(?<![a-z_]){re.escape(word)}(?![a-z_])", quoted)}


@pytest.mark.parametrize(
    "words",
    [
        set().union(*PROPERTIES.values()) | {"policy"},
        set(FORM_PROPERTIES) - NOT_TAUGHT,
        set(REPEATS).union(*(repeat.needs for repeat in REPEATS.values()), PAYMENT_NEEDS),
        set(FIXED_FIELDS),
        set(EXPECTATIONS),
        set(PERSON_FIELDS),
        set(Paragraph.model_fields),
        set(DEFAULTS),
        set(KEYS),
        set(KEPT_TYPES),
        set(LESSON_KEYS),
        {*Governance.model_fields, *Report.model_fields, *DueReport.model_fields},
        {name for name in FUNCTIONS if name not in {"len", "min", "max"}},
    ],
    ids=[
        "diagrams",
        "forms",
        "rows",
        "letters",
        "stories",
        "people",
        "policy",
        "facts",
        "front",
        "kept",
        "lessons",
        "reports",
        "expressions",
    ],
)
def test_everything_is_told(words: set[str]) -> None:
    assert words - told(words) == set()


def test_every_kind_of_field_is_told() -> None:
    names = {"datetime": "date", "filepicker": "file picker", "textfield": "text field"}
    names |= {"textarea": "text area", "radio": "radio group"}

    missing = [kind for kind in KINDS if names.get(kind, kind) not in README]

    assert missing == []


def test_the_example_of_facts_can_be_read() -> None:
    example = next(e for e in EXAMPLES if "[acknowledged_on]" in e)

    assert set(parse_facts(example.encode())) >= {"acknowledged_on", "acceptance_decision"}


def test_the_example_of_a_letter_can_be_read() -> None:
    example = next(e for e in EXAMPLES if e.startswith("+++"))

    assert parse_letter(example, "example", frozenset()).requires


def test_the_example_of_a_list_of_promises_can_be_read() -> None:
    example = json.loads(next(e for e in EXAMPLES if "new_promise" in e))
    whole = {"type": "default", "schemaVersion": 18, "components": [example]}

    assert FormDefinition.parse(json.dumps(whole).encode(), "example").promises


def test_the_example_of_a_story_can_be_read() -> None:
    example = next(e for e in EXAMPLES if "[[step]]" in e)

    assert tomllib.loads(example)["landlord"]
    assert read_story(example.encode())["step"]


def test_the_example_of_a_policy_can_be_read() -> None:
    example = next(e for e in EXAMPLES if "[sections]" in e)

    assert "3.5b" in read_policy(example.encode()).paragraphs


def test_every_picture_and_link_is_there() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / "processes" / target).exists(), target
