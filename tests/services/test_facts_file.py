"""The facts of a draft as a page has them: declared, reworded, taken out."""

from __future__ import annotations

import pytest

from app.engine import parse_facts
from app.errors import BadInput
from app.services.workshop import facts_file

COMMENTED = b"# Facts.\n[a_on]\ntype = 'date' # when\nlabel = 'A'\n# More.\n[b]\ntype = 'bool'\n"


def test_a_fact_is_declared_and_reworded() -> None:
    new = facts_file.saved(
        COMMENTED,
        "ground",
        {"type": "choice", "label": "Ground", "choices": "late\nsettled, other", "default": "late"},
        new=True,
    )
    again = facts_file.saved(new, "a_on", {"label": "Answered", "policy": "3.1"}, new=False)
    facts = parse_facts(again)
    assert facts["ground"].choices == ("late", "settled", "other")
    assert facts["ground"].default == "late"
    assert (facts["a_on"].label, facts["a_on"].type) == ("Answered", "date")
    assert b"# Facts." in again and b"# when" in again and b"# More." in again


@pytest.mark.parametrize(
    ("name", "typed", "field"),
    [
        ("a_on", {"type": "date", "label": "A"}, "name"),
        ("Big Name", {"type": "date", "label": "A"}, "name"),
        ("working_days", {"type": "date", "label": "A"}, "name"),
        ("new", {"type": "words", "label": "A"}, "type"),
        ("new", {"type": "date", "label": " "}, "label"),
        ("new", {"type": "choice", "label": "A"}, "choices"),
        ("new", {"type": "money", "label": "A", "default": "lots"}, "default"),
    ],
)
def test_what_is_wrong_with_a_fact_is_said_at_its_field(
    name: str, typed: dict[str, str], field: str
) -> None:
    with pytest.raises(BadInput) as refused:
        facts_file.saved(COMMENTED, name, typed, new=True)
    assert set(refused.value.errors) == {field}


def test_facts_come_and_go_and_every_comment_stays() -> None:
    c = {"type": "bool", "label": "C"}
    more = facts_file.saved(COMMENTED, "c", c, new=True)
    assert more == COMMENTED + b'\n[c]\ntype = "bool"\nlabel = "C"\n'
    without = facts_file.without({"facts.toml": COMMENTED}, "a_on")
    assert without == b"# Facts.\n# More.\n[b]\ntype = 'bool'\n"


def test_a_fact_that_something_uses_stays() -> None:
    files = {"facts.toml": COMMENTED, "complaint.bpmn": b"<x>working_days(1, a_on)</x>"}
    with pytest.raises(BadInput, match=r"complaint\.bpmn still use it"):
        facts_file.without(files, "a_on")
    assert set(parse_facts(facts_file.without(files, "b"))) == {"a_on"}
