"""What a shipped story tells can be played by hand, and saved as a story that holds.

`./check` plays the shortest of one landlord, `./check --long` all of each.
"""

from __future__ import annotations

import os
import tomllib
from datetime import date
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from app.services import deployments, story_acts
from app.services.workshop import cast, drafts, keeping, playing
from app.services.workshop.acting import Asked
from app.services.workshop.cast import RESIDENT
from app.settings import ROOT
from app.viewer import Viewer
from tests.conftest import LANDLORD, make_user
from tests.shipped import contents_of

STORIES = sorted((ROOT / "processes").glob("*/stories/*.toml"))


def by_hand(story: dict[str, Any]) -> bool:
    """Whether all of it is done in one case, by people who may."""
    return not any(
        step.get("expect", {}).get("refused") or step.get("case", 1) != 1 for step in story["step"]
    )


READ = {
    f"{path.parent.parent.name}/{path.stem}": tomllib.loads(path.read_text("utf-8"))
    for path in STORIES
}
PLAYABLE = [name for name, story in READ.items() if by_hand(story)]
SHORTEST = min(
    (name for name in PLAYABLE if name.startswith(LANDLORD)),
    key=lambda name: len(READ[name]["step"]),
)


class Troupe:
    """Plays a story by hand: its people are those of the cast, in the order in which they act."""

    def __init__(self, viewer: Viewer, draft: str) -> None:
        self.viewer, self.draft = viewer, draft
        self.people = cast.names_of(viewer.landlord_id)
        self.teams = deployments.landlord(viewer.landlord_id).teams
        self.roles: dict[str, str] = {}
        self.today: date | None = None
        self.case = 1

    def who(self, told: str) -> str:
        team = told.partition("/")[0]
        if told == RESIDENT or team not in self.teams:
            return told
        if told not in self.roles:
            taken = {*self.roles.values()}
            self.roles[told] = next(who for who in self.people[team] if who not in taken)
        return self.roles[told]

    def said(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.said(item) for item in value]
        if isinstance(value, str) and value.partition("/")[0] in self.teams and "/" in value:
            return cast.id_of(self.viewer.landlord_id, self.who(value))
        return value.isoformat() if isinstance(value, date) else value

    def kind_of(self, step: dict[str, Any]) -> str:
        kinds = deployments.live(self.viewer.landlord_id).contents.procedures
        return next(
            kind
            for kind, its in kinds.items()
            if step["does"] in (its.start_form, its.public_form)
            and step.get("kind") in (None, kind)
        )

    def takes(self, step: dict[str, Any]) -> None:
        day = date.fromisoformat(step["at"][:10])
        first = self.today is None
        if self.today and day > self.today:
            playing.pass_time(self.viewer, self.draft, "date", day)
        self.today = day
        if does := step.get("does"):
            about = bool(step.get("about"))
            asked = Asked(
                does,
                self.who(step.get("who", RESIDENT)),
                self.kind_of(step) if first or about else "",
                about,
                on=day if first else None,
                case=self.case,
            )
            self.case += about
            sheet = playing.form_of(self.viewer, self.draft, asked)
            answers = {key: self.said(value) for key, value in step.get("answers", {}).items()}
            definition = sheet.form.definition
            placed = story_acts._by_order(definition, answers, sheet.rows)
            typed = definition.as_typed(placed, sheet.rows)
            claims = "claims" in step
            playing.act(self.viewer, self.draft, asked, MultiDict(typed), claims=claims)


@pytest.mark.parametrize("name", PLAYABLE if os.environ.get("PUTRIGHT_LONG") else [SHORTEST])
def test_a_shipped_story_is_played_by_hand_and_saved(app: Flask, name: str) -> None:
    landlord = READ[name]["landlord"]
    deployments.deploy(landlord, dict(contents_of(landlord).files))
    olu = make_user(landlord, "olu", "process_owner")
    draft = drafts.begin(olu, "By hand")
    troupe = Troupe(olu, draft)
    for step in READ[name]["step"]:
        troupe.takes(step)
    path = keeping.save(olu, draft, "by_hand", "By hand")  # which plays it again, and it holds
    story = tomllib.loads(drafts.get(olu, draft).files[path].decode())
    done = [step["does"] for step in READ[name]["step"] if "does" in step]
    assert [step["does"] for step in story["step"] if "does" in step] == done
