"""Demo people and demo cases: stories played through the engine up to this very day."""

from __future__ import annotations

import hmac
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


def to_play(landlord_id: str) -> list[str]:
    """The demo stories that are still to be played: all of them for a landlord without a case; for
    one whose demo was broken off, those that have no case yet; else none."""
    files = deployments.live(landlord_id).files
    paths = sorted(p for p in files if p.startswith("demo/") and p != "demo/people.toml")
    keys = set(
        db.session.scalars(select(Case.submission_key).where(Case.landlord_id == landlord_id))
    )
    left = [path for path in paths if _key(landlord_id, path) not in keys]
    return left if not keys or len(left) < len(paths) else []


def _key(landlord_id: str, path: str) -> str:
    """What a story's case is known by; nobody else can work it out (see complaints.link_token)."""
    secret = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(secret, f"demo {landlord_id} {path}".encode(), "sha256").hexdigest()[:32]


def play_all(landlord_id: str, today: date, told: Callable[[str], None]) -> int:
    """Play a landlord's demo stories that are still to be played; returns how many.

    told: hears of each story when it is over; what it raises leaves no story half played. The app's
    clock must be a SetClock. Raises StoryRefused when a story does not hold.
    """
    told_by = current_app.extensions["clock"]
    if not isinstance(told_by, SetClock):
        raise stories.StoryRefused("the demo needs an app whose clock can be moved")
    files = deployments.live(landlord_id).files
    paths = to_play(landlord_id)
    end = clock.now()
    for path in paths:
        story, key = stories.read_story(files[path]), _key(landlord_id, path)
        played = stories.play(story, today, until=end, key=key)
        if played.failures:
            raise stories.StoryRefused(f"{path}: {'; '.join(played.failures)}")
        told_by.move_to(end)
        told(f"  {played.reference}  {played.title}")
    return len(paths)


def has_cases(landlord_id: str) -> bool:
    """Whether a landlord has any case."""
    return db.session.scalar(select(Case.id).where(Case.landlord_id == landlord_id)) is not None
