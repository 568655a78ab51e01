"""Stories in words, for people who read no TOML: what is done, what must hold, what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from app import clock
from app.models import StoriesPlayed
from app.services import outcomes, stories
from app.services.contents import Contents
from app.services.workshop import beside, cast, trials

IN_WORDS = {"at", "who", "does", "answers", "expect"}  # keys of a step
WORDS = {
    "refused": "Refused",
    "kind": "Kind of case",
    "stage": "Stage",
    "status": "Status",
    "outcome": "Outcome",
    "open": "Open tasks",
    "deadlines": "Due",
    "met": "Met",
    "late": "Missed",
    "alerts": "Alerts",
    "letters": "Letters",
    "facts": "Facts",
    "equality": "Equality answers",
    "offers": "Staff may",
    "offered_to_resident": "The resident may",
}


@dataclass(frozen=True)
class Step:
    """A step of a story. holds: what must hold after it: ("Due", ["Respond: 9 March 2026"])."""

    at: str
    who: str
    does: str
    holds: list[tuple[str, list[str]]]


@dataclass(frozen=True)
class Row:
    """One thing that came out another way. expected, found: what only one of them has, in words."""

    at: str
    who: str
    does: str
    what: str
    expected: list[str]
    found: list[str]


@dataclass(frozen=True)
class Stuck:
    """Why a story stops. step, from 1, at, who, does: where, if a step is to blame.

    todo: the tasks that are open then, element -> name.
    """

    said: str
    step: int = 0
    at: str = ""
    who: str = ""
    does: str = ""
    todo: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Broken:
    """A story that does not hold. stuck: why it cannot be played to its end, if it cannot."""

    path: str
    title: str
    rows: list[Row]
    stuck: Stuck | None

    @property
    def name(self) -> str:
        return name_of(self.path)


def name_of(path: str) -> str:
    """stories/late.toml is called late."""
    return path.removeprefix("stories/").removesuffix(".toml")


def steps(story: dict[str, Any], contents: Contents) -> list[Step]:
    """A story that was read, step by step."""
    return [
        Step(
            *_done(step, contents),
            [
                (WORDS[name], _values(name, value, contents) or ["Nothing"])
                for name, value in step.get("expect", {}).items()
            ],
        )
        for step in story["step"]
    ]


def lines(story: dict[str, Any], contents: Contents) -> list[str]:
    """All that a story says, as text: the words of each step, and each thing on its own line."""
    told = [f"{key}: {_plain(value)}" for key, value in story.items() if key != "step"]
    for step, raw in zip(steps(story, contents), story["step"], strict=True):
        told.append(f"{step.at}: {step.does}{f' ({step.who})' if step.who else ''}")
        told += [f"    then {what}: {'; '.join(holds)}" for what, holds in step.holds]
        told += [f"    {key}: {_plain(value)}" for key, value in raw.items() if key not in IN_WORDS]
        told += [f"    {key}: {_plain(value)}" for key, value in raw.get("answers", {}).items()]
    return told


def _done(step: dict[str, Any], contents: Contents) -> tuple[str, str, str]:
    who = cast.in_words(step["who"]) if step.get("who") else ""
    return _time(step["at"]), who, what_is_done(contents, step)


def what_is_done(contents: Contents, step: dict[str, Any]) -> str:
    """What somebody does in a step, as people call it."""
    does: str = step.get("does", "")
    messages = {e.message: e.name for e in contents.elements.values() if e.message}
    if not does:
        return "Time passes"
    if does in contents.elements:
        return ("Claimed: " if "claims" in step else "") + contents.elements[does].name
    if does in beside.FORMS:
        return beside.FORMS[does].title
    if does in contents.forms and ("kind" in step or does not in messages):
        return contents.forms[does].title
    return messages.get(does) or does


def broken(played: StoriesPlayed, contents: Contents) -> list[Broken]:
    """The stories that do not hold with these files, in words."""
    return [_broken(told, contents) for told in trials.broken(played)]


def _broken(told: dict[str, Any], contents: Contents) -> Broken:
    steps = []
    if told["differences"] or told["stopped"]:
        steps = stories.read_story(contents.files[told["path"]])["step"]
    rows = [_row(each, steps[each["step"] - 1], contents) for each in told["differences"]]
    return Broken(told["path"], told["title"], rows, _stuck(told, steps, contents))


def _stuck(
    told: dict[str, Any], steps: Sequence[dict[str, Any]], contents: Contents
) -> Stuck | None:
    if stopped := told["stopped"]:
        todo = {key: _element(key, contents) for key in stopped["open"]}
        number: int = stopped["step"]
        return Stuck(stopped["said"], number, *_done(steps[number - 1], contents), todo)
    said = [str(stories.Difference(**each)) for each in told["differences"]]
    why = [each for each in told["failures"] if each not in said]
    return Stuck(" ".join(why)) if why else None


def _row(told: dict[str, Any], step: dict[str, Any], contents: Contents) -> Row:
    wanted, found = (_values(told["name"], told[side], contents) for side in ("wanted", "found"))
    return Row(
        *_done(step, contents),
        WORDS[told["name"]],
        list((Counter(wanted) - Counter(found)).elements()),
        list((Counter(found) - Counter(wanted)).elements()),
    )


def _time(at: str) -> str:
    with suppress(ValueError):  # "-12wd 10:15" stays as it is
        moment = datetime.fromisoformat(at)
        return f"{_day(moment.date())}, {clock.time_words(moment.replace(tzinfo=clock.LONDON))}"
    return at


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _values(name: str, value: Any, contents: Contents) -> list[str]:
    """What was expected or found, each thing by itself, as people call it."""
    if name == "open":
        teams = contents.landlord.teams
        in_team = {key: teams[team].name if team in teams else team for key, team in value.items()}
        return [f"{_element(key, contents)} ({team})" for key, team in in_team.items()]
    if name == "facts":
        facts = contents.facts
        labels = {key: facts[key].label if key in facts else key for key in value}
        return [f"{labels[key]}: {_plain(each)}" for key, each in value.items()]
    if isinstance(value, dict):
        return [f"{_element(key, contents)}: {_plain(each)}" for key, each in value.items()]
    if name == "letters":
        return [contents.letters[key][0].title if key in contents.letters else key for key in value]
    if isinstance(value, list):
        return [_element(key, contents) for key in value]
    return [outcomes.in_words(str(value))] if value else []


def _element(key: str, contents: Contents) -> str:
    """The name of an element, or of what a message is called."""
    if key in contents.elements:
        return contents.elements[key].name
    messages = {e.message: e.name for e in contents.elements.values() if e.message}
    return messages.get(key) or key


def _plain(value: Any) -> str:
    with suppress(TypeError, ValueError):
        return _day(date.fromisoformat(value))
    if isinstance(value, dict | list):
        return ", ".join(map(str, value)) or "nothing"
    return str({None: "nothing", True: "yes", False: "no"}.get(value, value))
