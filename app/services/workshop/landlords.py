"""A new landlord: a copy of another's procedure as a first draft, and two people to publish it.

Nothing of it is public before its first version is published, by the rule of the second person.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select

from app.db import db, transaction
from app.errors import BadInput, NotAllowed, NotFound
from app.models import Landlord
from app.services import accounts, administration, deployments
from app.services.contents import Files
from app.services.deployments import NEVER, Published
from app.services.workshop import drafts, publishing, versions
from app.viewer import Viewer

SLUG = re.compile(r"[a-z][a-z0-9-]{1,58}")
PREFIX = re.compile(r"[A-Z]{2,4}")
FIRST = "The first version"
PEOPLE = {"owner": "process_owner", "manager": "manager"}  # a second person approves the first


@dataclass(frozen=True)
class Asked:
    """What a new landlord is to be. source: the landlord whose live version is copied.

    people: by owner and manager, (name, e-mail address).
    """

    source: str
    slug: str
    name: str
    prefix: str
    people: dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Made:
    """A landlord that was made. accounts: (name, e-mail address, role, first password)."""

    slug: str
    name: str
    accounts: list[tuple[str, str, str, str]]


def sources(viewer: Viewer) -> list[tuple[str, str]]:
    """(slug, name) of the landlords that can be copied: those with a live version."""
    _must(viewer)
    found = [(each, deployments.landlord(each).name) for each in deployments.landlord_ids()]
    return sorted(found, key=lambda pair: pair[1])


def create(viewer: Viewer, asked: Asked, taken: Collection[str] = ()) -> Made:
    """Make a landlord with a draft and two accounts, all or nothing.

    taken: first parts of addresses that Putright uses itself. Raises BadInput, NotAllowed.
    """
    _must(viewer)
    if errors := _errors(asked, taken):
        raise BadInput(errors)
    source = deployments.live(asked.source)
    begins_with = renamed(source.files, asked)
    deployments.refuse_errors(asked.slug, begins_with)
    number = versions.number_of(asked.source, source.id)
    says = f"Copied from {asked.source}, version {number}"
    made = []
    with transaction() as session:
        copied = Published("copied", by=viewer.user_id, says=says, live_from=NEVER)
        base = deployments.store(session, asked.slug, begins_with, copied)
        ids = {}
        for key, role in PEOPLE.items():
            name, email = asked.people[key]
            password = administration.new_password()
            ids[key] = accounts.new_user(session, asked.slug, email, name, role, password)
            made.append((name.strip(), email.strip().lower(), role, password))
        owner = Viewer(asked.slug, ids["owner"], role="process_owner")
        draft = drafts.add(session, owner, FIRST, base, {})
        row = drafts.sketch(session, asked.slug, draft).row
        maker = Viewer(asked.slug, viewer.user_id)
        publishing.write(session, maker, "began", row, says)
    return Made(asked.slug, asked.name.strip(), made)


def _must(viewer: Viewer) -> None:
    """Administrators of one landlord have no business with another."""
    if not viewer.can("administer") or not administration.belongs_to_none(viewer):
        raise NotAllowed("Only an administrator who belongs to no landlord makes a new one.")


def _errors(asked: Asked, taken: Collection[str]) -> dict[str, str]:
    errors = {}
    if asked.source not in deployments.landlord_ids():
        errors["source"] = "Choose whose procedure to begin with."
    if not asked.name.strip() or len(asked.name) > 200 or not asked.name.isprintable():
        errors["name"] = "Enter the landlord’s name, of at most 200 characters."
    if not SLUG.fullmatch(asked.slug):
        errors["slug"] = "Use small letters, figures and hyphens, beginning with a letter."
    elif asked.slug in taken or db.session.get(Landlord, asked.slug) is not None:
        errors["slug"] = "This address is taken. Choose another."
    if not PREFIX.fullmatch(asked.prefix):
        errors["prefix"] = "Use two to four capital letters."
    elif whose := _with_prefix(asked.prefix):
        errors["prefix"] = f"References of {whose} begin so. Choose other letters."
    for key, role in PEOPLE.items():
        name, email = asked.people[key]
        wrong = accounts.problems_of(email, name, role, None)
        errors |= {f"{key}_{field}": said for field, said in wrong.items()}
    if len({email.strip().lower() for _, email in asked.people.values()}) < len(PEOPLE):
        errors.setdefault("manager_email", "Two people are needed: one of them approves.")
    return errors


def _with_prefix(prefix: str) -> str:
    """The name of the landlord whose references begin so."""
    for landlord_id in db.session.scalars(select(Landlord.id)):
        try:
            landlord = deployments.standing(landlord_id).landlord
        except NotFound:
            continue
        if landlord.reference_prefix == prefix:
            return landlord.name
    return ""


def renamed(files: Files, asked: Asked) -> dict[str, bytes]:
    """The files of another landlord as this one's: its name and address, also in the stories."""
    settings = {"name": asked.name.strip(), "slug": asked.slug, "reference_prefix": asked.prefix}
    toml = files["landlord.toml"].decode()
    top, bracket, tables = toml.partition("\n[")
    top = re.sub(r'(?m)^short_name *= *"[^"\n]*"\n', "", top)
    for key, value in settings.items():
        line = f"{key} = {json.dumps(value, ensure_ascii=False)}"
        top = re.sub(rf'(?m)^{key} *= *"[^"\n]*"', lambda _, line=line: line, top)  # type: ignore[misc]
    whose = re.compile(r'(?m)^landlord *= *"[^"\n]*"')
    stories = {
        path: whose.sub(f'landlord = "{asked.slug}"', body.decode(), count=1).encode()
        for path, body in files.items()
        if path.startswith(("stories/", "demo/"))
    }
    return {**files, **stories, "landlord.toml": (top + bracket + tables).encode()}
