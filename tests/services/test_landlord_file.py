"""landlord.toml and facts.toml as forms: what is not touched stays as it was, comments too."""

from __future__ import annotations

import pytest

from app.engine import parse_facts
from app.errors import BadInput
from app.landlords import read_landlord
from app.services.workshop import facts_file
from app.services.workshop.landlord_file import changed, entries, field_name
from app.services.workshop.landlord_sections import SECTIONS
from tests import small
from tests.conftest import PROCESSES

FILES = sorted(PROCESSES.glob("*/landlord.toml"))
COMMENTED = b"# Facts.\n[a_on]\ntype = 'date' # when\nlabel = 'A'\n# More.\n[b]\ntype = 'bool'\n"


def typed(body: bytes, name: str, **other: str) -> dict[str, str]:
    """What a browser sends of a page as it stands; other: field names with : for ."""
    sent = {
        field_name(part, entry.id, key): value
        for part in SECTIONS[name].parts
        for entry in entries(body, part)
        for key, value in entry.values.items()
    }
    return sent | {key.replace("__", "."): value for key, value in other.items()}


@pytest.mark.parametrize("file", FILES, ids=[file.parent.name for file in FILES])
def test_what_nobody_changes_stays_as_it_was(file) -> None:  # type: ignore[no-untyped-def]
    body = file.read_bytes()
    for name, section in SECTIONS.items():
        assert changed(body, section, typed(body, name)) == body, name


def test_a_team_is_added_renamed_and_taken_out() -> None:
    body = (PROCESSES / "stockport-homes" / "landlord.toml").read_bytes()
    before = read_landlord(body)
    first, *_, last = before.teams
    sent = typed(body, "teams") | {
        "teams.+.id": "night_team",
        "teams.+.name": "Night team",
        "teams.+.also": "Nights, Late shift",
        f"teams.{first}.name": "The new name",
        f"teams.{last}.remove": "yes",
    }
    after = read_landlord(new := changed(body, SECTIONS["teams"], sent))
    assert after.teams["night_team"].also == ["Nights", "Late shift"]
    assert after.teams[first].name == "The new name"
    assert after.team_of(before.teams[first].name) == first, "lanes of before find it no more"
    assert last not in after.teams
    assert b"# Whom a letter names" in new or last == "customer_advisers"
    assert new.startswith(body[:200]), "comments were lost"


def test_targets_and_contacts_are_written() -> None:
    body = small.LANDLORD.encode()
    sent = typed(body, "targets") | {"targets.+.name": "In time", "targets.+.at_least": "95.5%"}
    with pytest.raises(BadInput) as refused:
        changed(body, SECTIONS["targets"], sent)
    assert refused.value.errors == {"targets.+.name": "Say one of clock, stage, kind or satisfied"}
    new = changed(body, SECTIONS["targets"], sent | {"targets.+.clock": "window"})
    assert read_landlord(new).targets[0].at_least == 95.5
    sent = typed(new, "contacts") | {
        ".-.emergency_phone": "0800 1",
        ".-.email": "",
        "contact_person.-.job": "",
        "danger_lines.+.name": "Gas",
        "danger_lines.+.phone": "0800 111 999",
    }
    after = read_landlord(changed(new, SECTIONS["contacts"], sent))
    assert (after.emergency_phone, after.email, after.danger_lines[0].name) == ("0800 1", "", "Gas")
    assert after.contact_person and after.contact_person.job == ""


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        ("contacts", ".-.reference_prefix", "lower"),
        ("contacts", ".-.name", ""),
        ("contacts", ".-.phone", "0161\x00496"),
        ("calendar", ".-.nation", "FRA"),
        ("calendar", ".-.alert_team_hazard", "nobody"),
        ("teams", "teams.complaints.rank", "high"),
        ("teams", "teams.complaints.name", ""),
        ("targets", "governance.-.review_on", "31 June"),
        ("targets", "report.-.year_begins", "5"),
        ("outside", "ombudsman.-.name", " "),
    ],
)
def test_what_is_wrong_is_said_at_its_field(section: str, name: str, value: str) -> None:
    body = small.LANDLORD.encode()
    with pytest.raises(BadInput) as refused:
        changed(body, SECTIONS[section], typed(body, section) | {name: value})
    assert set(refused.value.errors) == {name}


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe", b"name = ", b"a = " + b"[" * 20_000, b"a = 1\na = 2", b"a = \x00"],
    ids=["no text", "cut off", "deep", "twice", "nothing"],
)
def test_a_file_that_cannot_be_read_is_said_to_be_so(body: bytes) -> None:
    for part in SECTIONS["teams"].parts:
        with pytest.raises(BadInput, match="cannot be read"):
            entries(body, part)
    with pytest.raises(BadInput, match="cannot be read"):
        facts_file.saved(body, "x", {"type": "bool", "label": "X"}, new=True)


def test_words_that_look_like_toml_stay_words() -> None:
    body = small.LANDLORD.encode()
    evil = 'x" # [teams.evil] \\ \'\'\' """'
    after = read_landlord(
        changed(body, SECTIONS["contacts"], typed(body, "contacts") | {".-.name": evil})
    )
    assert after.name == evil and list(after.teams) == ["complaints"]


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


def test_a_fact_that_something_uses_stays() -> None:
    files = {"facts.toml": COMMENTED, "complaint.bpmn": b"<x>working_days(1, a_on)</x>"}
    with pytest.raises(BadInput, match=r"complaint\.bpmn still use it"):
        facts_file.without(files, "a_on")
    assert set(parse_facts(facts_file.without(files, "b"))) == {"a_on"}
