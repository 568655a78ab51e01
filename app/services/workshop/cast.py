"""The make-believe people who play a draft: a few of each team, as stories name them."""

from __future__ import annotations

from hashlib import sha256

from sqlalchemy import select

from app.db import db, transaction
from app.models import Membership, User
from app.services import deployments
from app.services.accounts import NO_ONE

RESIDENT = "resident"
OF_EACH_TEAM = 4  # a panel of three, and one who may take a seat
NAMES = (  # 48: of twelve teams
    *("Alex", "Billie", "Casey", "Dana", "Eden", "Fran", "Gabi", "Harper", "Indra", "Jody"),
    *("Kim", "Lee", "Morgan", "Nico", "Olly", "Pat", "Quinn", "Robin", "Sam", "Terry", "Uma"),
    *("Val", "Wren", "Xan", "Yael", "Zola", "Ash", "Blair", "Charlie", "Drew", "Ellis"),
    *("Frankie", "Glen", "Hayden", "Ira", "Jude", "Kit", "Logan", "Max", "Nat", "Oakley"),
    *("Parker", "Ray", "Sage", "Toby", "Umi", "Vic", "Wynne"),
)


def names_of(landlord_id: str) -> dict[str, list[str]]:
    """team -> its people as a story writes them: "customer_care/alex"."""
    found: dict[str, list[str]] = {}
    for n, team in enumerate(deployments.landlord(landlord_id).teams):
        places = range(n * OF_EACH_TEAM, (n + 1) * OF_EACH_TEAM)
        found[team] = [f"{team}/{_name(place).lower()}" for place in places]
    return found


def _name(place: int) -> str:
    round, place = divmod(place, len(NAMES))
    return NAMES[place] + (f"_{round + 1}" if round else "")


def id_of(landlord_id: str, who: str) -> str:
    """The user id of a person of a story, the same wherever the draft is played."""
    return sha256(f"{landlord_id}/{who}".encode()).hexdigest()[:32]


def make(landlord_id: str) -> None:
    """Write them all into the database."""
    with transaction() as session:
        for team, people in names_of(landlord_id).items():
            for who in people:
                name = who.partition("/")[2]
                id = id_of(landlord_id, who)
                user = User(
                    id=id,
                    landlord_id=landlord_id,
                    email=f"{name}@{landlord_id}.example",
                    name=in_words(who),
                    role="staff",
                    rank=None,
                    password_hash=NO_ONE,
                    locked_until=None,
                )
                user.memberships = [Membership(user_id=id, team=team)]
                session.add(user)


def in_words(who: str) -> str:
    """The name of a person of a story."""
    return who.partition("/")[2].replace("_", " ").title() or "The resident"


def who_is(user_id: str | None) -> str:
    """A user as a story writes them; empty for nobody."""
    user = db.session.scalar(select(User).where(User.id == user_id)) if user_id else None
    if user is None or not user.memberships:
        return ""
    return f"{user.memberships[0].team}/{user.email.partition('@')[0]}"
