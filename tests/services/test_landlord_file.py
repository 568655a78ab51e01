"""landlord.toml and facts.toml as forms: what is not touched stays as it was, comments too."""

from __future__ import annotations

from datetime import date
from inspect import isclass
from typing import get_args, get_origin

import pytest
from pydantic import BaseModel

from app.code import FACT, read_code
from app.errors import BadInput
from app.landlords import Landlord, read_landlord
from app.services.contents import Contents
from app.services.deployments import read_folders
from app.services.workshop import facts_file
from app.services.workshop.landlord_file import changed as written
from app.services.workshop.landlord_file import choices, entries, field_name
from app.services.workshop.landlord_sections import SECTIONS, Section
from tests import small
from tests.conftest import PROCESSES

FILES = sorted(PROCESSES.glob("*/landlord.toml"))
COMMENTED = b"# Facts.\n[a_on]\ntype = 'date' # when\nlabel = 'A'\n# More.\n[b]\ntype = 'bool'\n"

NOTED = """# Top.
name = "Noted" # ours
slug = "noted"
reference_prefix = "NO"
nation = "ENG"
alert_team_hazard = "one"
# Above one.
[teams.one]
name = "One" # its name

# Above two.

[teams.two]
name = "Two"
# Above three.
[teams.three]
name = "Three"

# Above the Ombudsman.
[ombudsman]
name = "O"

# Above the channels.

[[channels]]
id = "a"
name = "A"

# Above b.
[[channels]]
id = "b"
name = "B"
# Above departures.
[[code.departures]]
rule = "2.3"
says = "Less."
# The end.
"""


def changed(body: bytes, section: Section, sent: dict[str, str]) -> bytes:
    """The file as saved, with the choices that small.FACTS and this file give."""
    files = {**small.files(), "facts.toml": small.FACTS.encode(), "landlord.toml": body}
    return written(body, section, sent, choices(Contents(files)))


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
    assert new.startswith(body[:200])
    assert lines(new, "#") == lines(body, "#"), "comments were lost"


def lines(body: bytes, mark: str) -> list[str]:
    """The lines of a file that have this in them."""
    return [line for line in body.decode().splitlines() if mark in line]


def said(text: str) -> list[str]:
    """The lines that are not blank."""
    return [line for line in text.splitlines() if line]


@pytest.mark.parametrize(
    ("section", "entry", "block"),
    [
        ("teams", "teams.one", '[teams.one]\nname = "One" # its name\n'),
        ("teams", "teams.two", '[teams.two]\nname = "Two"\n'),
        ("teams", "teams.three", '[teams.three]\nname = "Three"\n'),
        ("contacts", "channels.0", '[[channels]]\nid = "a"\nname = "A"\n'),
        ("contacts", "channels.1", '[[channels]]\nid = "b"\nname = "B"\n'),
        ("code", "code.departures.0", '[[code.departures]]\nrule = "2.3"\nsays = "Less."\n'),
    ],
)
def test_what_is_taken_out_leaves_every_comment_in_its_place(
    section: str, entry: str, block: str
) -> None:
    sent = typed(NOTED.encode(), section) | {f"{entry}.remove": "yes"}
    new = changed(NOTED.encode(), SECTIONS[section], sent).decode()
    assert said(new) == said(NOTED.replace(block, ""))
    assert "\n\n\n" not in new


@pytest.mark.parametrize(
    ("section", "part", "typed_in", "block", "below"),
    [
        ("teams", "teams", {"id": "four", "name": "4"}, '[teams.four]\nname = "4"', '"Three"'),
        ("contacts", "channels", {"id": "c"}, '[[channels]]\nid = "c"\nname = "C"', '"B"'),
        ("code", "code.departures", {"rule": "9", "says": "x"},
         '[[code.departures]]\nrule = "9"\nsays = "x"', '"Less."'),
        ("contacts", "danger_lines", {"phone": "999"},
         '[[danger_lines]]\nname = "C"\nphone = "999"', '"Less."'),
        ("code", "code.facts", {"received_on": "answered_on"},
         '[code.facts]\nreceived_on = "answered_on"', '"Less."'),
    ],
)  # fmt: skip
def test_what_is_added_stands_behind_its_like_and_parts_no_comment_from_its_table(
    section: str, part: str, typed_in: dict[str, str], block: str, below: str
) -> None:
    place = "-" if part == "code.facts" else "+"
    more = {"name": "C"} | typed_in if section == "contacts" else typed_in
    sent = {f"{part}.{place}.{key}": value for key, value in more.items()}
    new = changed(NOTED.encode(), SECTIONS[section], typed(NOTED.encode(), section) | sent).decode()
    assert said(new) == said(NOTED.replace(below, f"{below}\n{block}"))
    assert f"\n\n{block}\n" in new and "\n\n\n" not in new


@pytest.mark.parametrize(
    ("section", "field", "line", "below"),
    [
        ("contacts", ".-.phone", 'phone = "105"', 'alert_team_hazard = "one"'),
        ("teams", "teams.one.phone", 'phone = "105"', 'name = "One" # its name'),
        ("teams", "teams.two.phone", 'phone = "105"', 'name = "Two"'),
        ("outside", "ombudsman.-.phone", 'phone = "105"', 'name = "O"'),
        ("contacts", "channels.1.policy", 'policy = "105"', 'name = "B"'),
        ("code", "code.departures.0.ours", 'ours = "105"', 'says = "Less."'),
    ],
)
def test_a_key_more_stands_with_the_others_of_its_table(
    section: str, field: str, line: str, below: str
) -> None:
    sent = typed(NOTED.encode(), section) | {field: "105"}
    new = changed(NOTED.encode(), SECTIONS[section], sent).decode()
    assert new == NOTED.replace(below, f"{below}\n{line}")


def test_a_file_in_another_order_or_on_single_lines_is_changed_too() -> None:
    late = NOTED.replace(
        "# Above departures.\n", '[teams.four]\nname = "4" # f\n# Above departures.\n'
    )
    for id in ("one", "four"):
        sent = typed(late.encode(), "teams") | {f"teams.{id}.remove": "yes"}
        new = changed(late.encode(), SECTIONS["teams"], sent)
        assert id not in read_landlord(new).teams
        kept = [line for line in lines(late.encode(), "#") if line.startswith("#")]
        assert [line for line in lines(new, "#") if line.startswith("#")] == kept
    short = NOTED[: NOTED.index("# Above one.")] + (
        'teams = {a = {name = "A"}}\nombudsman = {name = "O"}\nchannels = [{id="x", name="X"}]\n'
    )
    sent = typed(short.encode(), "teams") | {"teams.+.id": "b", "teams.+.name": "B"}
    more = changed(short.encode(), SECTIONS["teams"], sent)
    sent = typed(more, "contacts") | {"channels.+.id": "y", "channels.+.name": "Y"}
    more = changed(more, SECTIONS["contacts"], sent | {"channels.0.remove": "yes"})
    after = read_landlord(more)
    assert (after.teams["b"].name, [one.name for one in after.channels]) == ("B", ["Y"])


def test_every_key_that_landlord_toml_may_have_is_a_field_of_a_page() -> None:
    asked = {
        (*part.where, *(["*"] if part.shape != "one" else []), ask.name)
        for section in SECTIONS.values()
        for part in section.parts
        for ask in part.asks
    }
    # the name of its folder, which other files and cases go by, never changes
    assert keys_of(Landlord) - {("slug",)} - asked == set()
    code = read_code((PROCESSES / "shared" / "code.toml").read_bytes())
    facts = {n for c in code.clocks for n in FACT.findall(f"{c.rule} {c.met_by}")}
    assert {key[2] for key in asked if key[:2] == ("code", "facts")} == facts
    beside = {key[2] for key in asked if key[:2] == ("code", "beside")}
    assert beside == {clock.id for clock in code.clocks}


def keys_of(model: type[BaseModel]) -> set[tuple[str, ...]]:
    """The keys of a table and of the tables in it; * for the name or the number of one of many."""
    found: set[tuple[str, ...]] = set()
    for name, field in model.model_fields.items():
        many = get_origin(field.annotation) in (dict, list)
        kinds = [*get_args(field.annotation), field.annotation]
        inside = next((k for k in kinds if isclass(k) and issubclass(k, BaseModel)), None)
        if inside:
            found |= {(name, *(["*"] if many else []), *key) for key in keys_of(inside)}
        elif get_origin(field.annotation) is not dict:  # [code.facts] names its keys itself
            found.add((name,))
    return found


def test_the_facts_and_the_clocks_of_the_code_are_chosen() -> None:
    with pytest.raises(
        BadInput, match="New departure from the Code, What is different: this is needed"
    ):
        changed(NOTED.encode(), SECTIONS["code"], {"code.departures.+.rule": "1.2"})
    body = (NOTED + '[code.facts]\nstage_1_responded_on = ""\n').encode()
    sent = typed(body, "code")
    assert sent["code.facts.-.stage_1_responded_on"] == "-"
    sent |= {
        "code.facts.-.received_on": "answered_on",
        "code.facts.-.acknowledged_on": "-",
        "code.facts.-.stage_1_responded_on": "",
        "code.beside.-.code_stage_1_due": "window",
        "code.departures.0.ours": "3.5",
    }
    code = read_landlord(new := changed(body, SECTIONS["code"], sent)).code
    assert code.facts == {"received_on": "answered_on", "acknowledged_on": ""}
    assert code.beside == {"code_stage_1_due": "window"}
    assert (code.departures[0].ours, lines(new, "#")) == ("3.5", lines(body, "#"))


def test_targets_and_contacts_are_written() -> None:
    body = small.LANDLORD.encode()
    sent = typed(body, "targets") | {"targets.+.name": "In time", "targets.+.at_least": "95.5%"}
    with pytest.raises(BadInput) as refused:
        changed(body, SECTIONS["targets"], sent)
    ((at, said),) = refused.value.errors.items()
    assert (at, said[:39]) == ("targets.+.clock", "New target: choose one thing to measure")
    new = changed(body, SECTIONS["targets"], sent | {"targets.+.clock": "window"})
    assert read_landlord(new).targets[0].at_least == 95.5
    sent = typed(new, "contacts") | {
        ".-.emergency_phone": "0800 111 1",
        ".-.email": "",
        "contact_person.-.job": "",
        "danger_lines.+.name": "Gas",
        "danger_lines.+.phone": "0800 111 999",
    }
    after = read_landlord(changed(new, SECTIONS["contacts"], sent))
    assert (after.emergency_phone, after.email, after.danger_lines[0].name) == (
        "0800 111 1",
        "",
        "Gas",
    )
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
        ("contacts", ".-.email", "nobody at all"),
        ("contacts", ".-.emergency_phone", "01632"),
        ("calendar", ".-.shared_kinds", "complaint, nonsense"),
        ("code", "code.facts.-.received_on", "next_place"),
        ("code", "code.beside.-.code_stage_1_due", "no_clock"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(section: str, name: str, value: str) -> None:
    body = small.LANDLORD.encode()
    with pytest.raises(BadInput) as refused:
        changed(body, SECTIONS[section], typed(body, section) | {name: value})
    assert set(refused.value.errors) == {name}


def test_all_that_is_wrong_is_said_at_once_and_names_its_field() -> None:
    body = small.LANDLORD.encode()
    wrong = {
        ".-.name": "",
        ".-.reference_prefix": "lower",
        ".-.phone": "01632",
        ".-.email": "nobody at all",
        "contact_person.-.name": "",
        "danger_lines.+.phone": "0800",
    }
    with pytest.raises(BadInput) as refused:
        changed(body, SECTIONS["contacts"], typed(body, "contacts") | wrong)
    said = refused.value.errors
    assert said[".-.name"] == "Name: this is needed."
    assert (
        said[".-.reference_prefix"] == "References begin with: it should be 2 to 4 capital letters."
    )
    assert said[".-.phone"] == "Phone: give the whole number, such as 01632 960 001."
    assert said["danger_lines.+.phone"].startswith("New number to ring in danger, Phone: give")
    assert set(said) == {*wrong, "danger_lines.+.name"}
    sent = typed(body, "teams") | {"teams.+.id": "Night Team", "teams.+.rank": "high"}
    with pytest.raises(BadInput) as refused:
        changed(body, SECTIONS["teams"], sent)
    assert set(refused.value.errors) == {"teams.+.id", "teams.+.name", "teams.+.rank"}


def test_a_new_entry_without_a_code_gets_one_of_its_name() -> None:
    body = small.LANDLORD.encode()
    for _ in range(2):
        body = changed(
            body, SECTIONS["teams"], typed(body, "teams") | {"teams.+.name": "Équipe of 9"}
        )
    assert list(read_landlord(body).teams) == ["complaints", "equipe_of_9", "equipe_of_9_2"]
    for _ in range(2):
        sent = typed(body, "contacts") | {"channels.+.name": "By fax"}
        body = changed(body, SECTIONS["contacts"], sent)
    assert [one.id for one in read_landlord(body).channels][-2:] == ["by_fax", "by_fax_2"]


@pytest.mark.parametrize("said", ["2026-12-29", "29/12/2026"])
def test_a_day_is_taken_as_browsers_and_people_write_it(said: str) -> None:
    body = small.LANDLORD.encode()
    days = {"closures.+.name": "Christmas", "closures.+.first": said, "closures.+.last": said}
    after = changed(body, SECTIONS["calendar"], typed(body, "calendar") | days)
    assert read_landlord(after).closures[0].first == date(2026, 12, 29)


def test_clocks_of_one_name_are_told_apart_by_their_diagrams() -> None:
    files = read_folders("southway", PROCESSES, PROCESSES.parent / "forms" / "definitions")
    known = choices(Contents(files))
    words = [*known["clock"].values()]
    assert len(set(words)) == len(words)
    assert known["stage"]["stage_2"] and known["kind"]["compliment"] == "Compliment"
    assert {"stage_1", "compliment"} <= set(known["stage_or_kind"])
    assert known["question"]["satisfied_handling"]


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
