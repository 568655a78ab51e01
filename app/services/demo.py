"""Demo people and demo cases: stories played through the engine up to this very day."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import date

from flask import current_app
from sqlalchemy import select

from app import clock
from app.clock import SetClock
from app.db import db
from app.models import Case, User
from app.services import accounts, deployments, stories

PASSWORD = "putright-demo-2026"  # only of demo accounts, printed when the demo starts


def people(landlord_id: str) -> list[tuple[str, str, str]]:
    """Make the demo accounts of a landlord: (e-mail, name, role) of those worth trying."""
    body = deployments.live(landlord_id).files.get("demo/people.toml")
    found = []
    for person in tomllib.loads(body.decode())["person"] if body else ():
        email = f"{person['id']}@{landlord_id}.example"
        if db.session.scalar(select(User.id).where(User.email == email)) is None:
            accounts.add_user(
                landlord_id,
                email=email,
                name=person["name"],
                role=person["role"],
                password=PASSWORD,
                teams=tuple(person.get("teams", ())),
                job_title=person.get("job_title", ""),
                phone=person.get("phone", ""),
            )
        if person.get("try_me"):
            found.append((email, person["name"], person["role"]))
    return found


def play_all(landlord_id: str, today: date, told: Callable[[str], None]) -> int:
    """Play a landlord's demo stories; returns how many. The app's clock must be a SetClock.

    Raises StoryRefused when one does not hold, so that a broken demo is noticed.
    """
    told_by = current_app.extensions["clock"]
    if not isinstance(told_by, SetClock):
        raise stories.StoryRefused("the demo needs an app whose clock can be moved")
    files = deployments.live(landlord_id).files
    paths = sorted(p for p in files if p.startswith("demo/") and p != "demo/people.toml")
    end = clock.now()
    for path in paths:
        played = stories.play(stories.read_story(files[path]), today, until=end)
        if played.failures:
            raise stories.StoryRefused(f"{path}: {'; '.join(played.failures)}")
        told(f"  {played.reference}  {played.title}")
        told_by.move_to(end)
    return len(paths)


def is_empty(landlord_id: str) -> bool:
    """Whether a landlord has no case yet."""
    return db.session.scalar(select(Case.id).where(Case.landlord_id == landlord_id)) is None
