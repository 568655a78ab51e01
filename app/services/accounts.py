"""Who may sign in, and as what."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from secrets import token_bytes

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session, joinedload

from app import clock
from app.db import db, transaction
from app.errors import BadInput, NotAllowed, NotFound
from app.models import EndedSession, Landlord, Membership, User
from app.models.base import new_id
from app.services import deployments
from app.viewer import ROLES, Viewer

HASHER = PasswordHasher()


def of_nobody(hasher: PasswordHasher) -> str:
    """A hash that no password has. To check one against it takes as long as against another."""
    salt, hashed = (b64encode(token_bytes(n)).rstrip(b"=").decode() for n in (16, hasher.hash_len))
    how = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${how}${salt}${hashed}"


NO_ONE = of_nobody(HASHER)  # an unknown e-mail costs the same time as a wrong password
TRIES = 5  # wrong passwords before the first lock
LOCK = timedelta(minutes=15)
REMEMBERED = timedelta(days=1)  # a session that was signed out; cookies live for half of it
SHORTEST_PASSWORD = 12
EVERYBODY = "*"  # in a form: all colleagues, of whatever team


@dataclass(frozen=True)
class SignIn:
    """The outcome of a try: the user, or a sentence that does not tell which part was wrong."""

    user_id: str | None
    session_key: str = ""
    problem: str = ""


def sign_in(email: str, password: str) -> SignIn:
    """Check a password. Five wrong ones lock the account for 15 minutes, each further one again.

    Unknown, switched off, locked and wrong all take as long and say the same: nobody learns here
    who works for a landlord.
    """
    wrong = SignIn(
        None,
        problem="The e-mail address or the password is not right. Check both and try again. After "
        f"{TRIES} wrong tries nobody can sign in with an address for 15 minutes, and your "
        "administrator can help.",
    )
    with transaction() as session:
        user = session.scalar(select(User).where(User.email == email.strip().lower()))
        fits = _matches(user.password_hash if user else NO_ONE, password)
        if user is None or not user.active:
            return wrong
        if user.locked_until and clock.now() < user.locked_until:
            return wrong
        if not fits:
            user.failures += 1
            if user.failures >= TRIES:
                user.locked_until = clock.now() + LOCK
            return wrong
        user.failures, user.locked_until = 0, None
        return SignIn(user.id, user.session_key)


def _matches(hashed: str, password: str) -> bool:
    try:
        return HASHER.verify(hashed, password)
    except (Argon2Error, InvalidHashError):
        return False


def user_of(user_id: str, session_key: str, session_id: str = "") -> User | None:
    """The user behind a session; None when signed out, here or everywhere, or switched off."""
    which = {"user_id": user_id, "session_key": session_key, "session_id": session_id}
    return db.session.execute(_signed_in(), which).unique().scalar_one_or_none()


@cache
def _signed_in() -> Select[User]:
    """Every request asks this first: one statement, made once."""
    return (
        select(User)
        .outerjoin(EndedSession, EndedSession.id == bindparam("session_id"))
        .where(User.id == bindparam("user_id"), User.session_key == bindparam("session_key"))
        .where(User.active, EndedSession.id.is_(None))
        .options(joinedload(User.landlord), joinedload(User.memberships))
    )


def end_session(session_id: str) -> None:
    """Sign one session out, and no other of the same person."""
    with transaction() as session:
        session.merge(EndedSession(id=session_id, ended_at=clock.now()))


def drop_ended_sessions() -> None:
    """A cookie is refused by its age long before this forgets that it was signed out."""
    old = select(EndedSession).where(EndedSession.ended_at < clock.now() - REMEMBERED)
    if db.session.scalar(old.limit(1)) is None:
        return
    with transaction() as session:
        for ended in session.scalars(old):
            session.delete(ended)


def viewer_for(user: User, chosen_landlord: str | None = None) -> Viewer:
    """The user as a viewer. chosen_landlord counts only for those who belong to none."""
    landlord_id = user.landlord_id or chosen_landlord or ""
    landlord = db.session.get(Landlord, landlord_id) if landlord_id else None
    teams = frozenset(m.team for m in user.memberships)
    return Viewer(
        landlord_id=landlord_id,
        user_id=user.id,
        name=user.name,
        role=user.role,  # type: ignore[arg-type]  # checked when written
        teams=teams,
        landlord_name=landlord.name if landlord else "",
    )


def who_asked(landlord_id: str, user_id: str | None) -> Viewer:
    """Whoever asked for a job, as a viewer of now; the procedure itself where nobody did."""
    user = db.session.get(User, user_id) if user_id else None
    return viewer_for(user, landlord_id) if user else Viewer(landlord_id)


def rank_of(user: User) -> int:
    """A person's seniority: the personal rank, else the highest of the teams'."""
    if user.rank is not None:
        return user.rank
    if user.landlord_id is None or not user.memberships:
        return 0
    teams = deployments.standing(user.landlord_id).landlord.teams
    return max((teams[m.team].rank for m in user.memberships if m.team in teams), default=0)


def somebody_signs_in() -> bool:
    """Whether there is any account yet."""
    return db.session.scalar(select(User.id).where(User.active).limit(1)) is not None


def people_of(landlord_id: str | None, team: str | None = None) -> list[User]:
    """The active people of a landlord, or of one of its teams, by name; of None, those of none."""
    found = select(User).where(User.landlord_id == landlord_id, User.active).order_by(User.name)
    if team:
        found = found.join(Membership).where(Membership.team == team)
    return list(db.session.scalars(found))


def names_by_team(landlord_id: str, teams: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """(user id, name) of the active people of each team; * is the whole landlord."""
    return {
        team: [
            (user.id, user.name)
            for user in people_of(landlord_id, None if team == EVERYBODY else team)
        ]
        for team in teams
    }


def add_user(
    landlord_id: str | None,
    *,
    email: str,
    name: str,
    role: str,
    password: str | None,
    teams: tuple[str, ...] = (),
    job_title: str = "",
    phone: str = "",
) -> str:
    """Make a user and return the id. Raises BadInput with a sentence for each field.

    password: None for somebody of a story, who never signs in.
    """
    errors = problems_of(email, name, role, password)
    known = deployments.standing(landlord_id).landlord.teams if landlord_id and teams else {}
    if unknown := [team for team in teams if team not in known]:
        errors["teams"] = f"landlord.toml has no team called {', '.join(unknown)}."
    if landlord_id is None and role != "administrator":
        errors["landlord"] = "Only administrators belong to no landlord."
    if errors:
        raise BadInput(errors)
    with transaction() as session:
        return new_user(session, landlord_id, email, name, role, password, teams, job_title, phone)


def problems_of(email: str, name: str, role: str, password: str | None) -> dict[str, str]:
    """What is wrong with these of a new account, by field."""
    errors = {}
    if "@" not in email or len(email.strip()) > 254:
        errors["email"] = "Enter an e-mail address, like name@example.org."
    elif db.session.scalar(select(User.id).where(User.email == email.strip().lower())):
        errors["email"] = "Somebody already signs in with this e-mail address."
    if not name.strip():
        errors["name"] = "Enter the person's name."
    if role not in ROLES:
        errors["role"] = "Choose a role."
    if password is not None and len(password) < SHORTEST_PASSWORD:
        errors["password"] = f"Choose a password of at least {SHORTEST_PASSWORD} characters."
    return errors


def new_user(
    session: Session,
    landlord_id: str | None,
    email: str,
    name: str,
    role: str,
    password: str | None,
    teams: tuple[str, ...] = (),
    job_title: str = "",
    phone: str = "",
) -> str:
    """An account that was checked, as a part of the caller's transaction."""
    user = User(
        id=new_id(),
        landlord_id=landlord_id,
        email=email.strip().lower(),
        name=name.strip(),
        role=role,
        job_title=job_title,
        phone=phone,
        rank=None,
        password_hash=HASHER.hash(password) if password is not None else NO_ONE,
        locked_until=None,
        memberships=[Membership(team=team) for team in teams],
    )
    session.add(user)
    return user.id


def change_user(
    viewer: Viewer,
    user_id: str,
    *,
    role: str | None = None,
    teams: tuple[str, ...] | None = None,
    active: bool | None = None,
    password: str | None = None,
) -> None:
    """Change what an administrator may change; a new password or role signs the person out."""
    _refuse(viewer, user_id, role, teams, active, password)
    with transaction() as session:
        user = session.get(User, user_id)
        if user is None or (viewer.landlord_id and user.landlord_id != viewer.landlord_id):
            raise NotFound
        if user.landlord_id is None and role not in (None, "administrator"):
            raise BadInput({"role": "Only administrators belong to no landlord."})
        if role is not None and role != user.role:
            user.role, user.session_key = role, new_id()
        if teams is not None:
            user.memberships = [Membership(team=team) for team in teams]
        if active is not None:
            user.active = active
        if password is not None:
            user.password_hash, user.session_key = HASHER.hash(password), new_id()
            user.failures, user.locked_until = 0, None


def _refuse(
    viewer: Viewer,
    user_id: str,
    role: str | None,
    teams: tuple[str, ...] | None,
    active: bool | None,
    password: str | None,
) -> None:
    """Raise NotAllowed or BadInput for a change that must not be made."""
    if not viewer.can("administer"):
        raise NotAllowed
    if password is not None and len(password) < SHORTEST_PASSWORD:
        raise BadInput({"password": f"Use at least {SHORTEST_PASSWORD} characters."})
    if role is not None and role not in ROLES:
        raise BadInput({"role": "Choose a role."})
    if user_id == viewer.user_id and (active is False or role not in (None, viewer.role)):
        raise BadInput({"role": "Another administrator must change this on your own account."})
    known = deployments.standing(viewer.landlord_id).landlord.teams if viewer.landlord_id else {}
    if unknown := [team for team in teams or () if team not in known]:
        raise BadInput({"teams": f"landlord.toml has no team called {', '.join(unknown)}."})
