"""A panel: who may sit on it, and whose own each of its tasks is.

A checklist with `panel` = "1 board_members, 1 directors" chooses its members into a list fact; a
task that is repeated over that fact is each member's own. Where each member is chosen in a task of
its own, a list of people with `seat` says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import db
from app.errors import NotForYou, PanelRefused
from app.models import Answer, Case, Task, User
from app.services import accounts, independence
from app.services.access import is_kept_out
from app.services.deployments import Deployed
from forms import Field, FormDefinition

if TYPE_CHECKING:
    from app.services.steps import Step
    from forms import BoundForm

Newest = Mapping[str, Mapping[str, Any]]
DID = 2  # steps that are named beside a person who can be chosen


def people(
    deployed: Deployed, case: Case | None, form: FormDefinition
) -> dict[str, list[tuple[str, str]]]:
    """(user id, words) by team, of all who can be chosen in a form.

    Where a panel is chosen, the words say team, and what they did in this case.
    """
    found = accounts.names_by_team(deployed.landlord_id, form.teams)
    for team in {team for field in form.fields for team in field.panel}:
        name = deployed.landlord.teams[team].name
        found[f"panel {team}"] = [
            (id, ", ".join((who, name, *_did(deployed, case, id)))) for id, who in found[team]
        ]
    return found


def _did(deployed: Deployed, case: Case | None, user_id: str) -> Iterator[str]:
    """What somebody did in a case, in the names of its steps."""
    if case is None:
        return
    steps = select(Answer.element).where(
        Answer.landlord_id == case.landlord_id, Answer.case_id == case.id, Answer.by == user_id
    )
    done = (deployed.elements.get(name) for name in db.session.scalars(steps.distinct()))
    names = sorted(e.name for e in done if e and e.kind == "userTask")
    if said := " and ".join(f"“{name}”" for name in names[:DID]):
        yield f"did {said} in this case"


def check(step: Step, form: BoundForm) -> None:
    """Whoever a form puts on a panel may sit on it. Raises PanelRefused, by field."""
    for field in form.applicable:
        if field.panel:
            _check(step, field, [*map(str, form.answers.get(field.key) or ())])


def _check(step: Step, field: Field, chosen: list[str]) -> None:
    teams = step.deployed.landlord.teams
    if not _fits(step.session, field, chosen):
        wanted = " and ".join(f"{n} from {teams[team].name}" for team, n in field.panel.items())
        raise PanelRefused("panel", field.key, f"Choose exactly {wanted}.")
    for user in [step.session.get_one(User, id) for id in chosen]:
        if is_kept_out(accounts.viewer_for(user), step.case):
            said = f"{user.name} may not work on this case. Choose somebody else."
            raise PanelRefused("conflict", field.key, said)
        try:
            independence.check_rules(step.deployed, step.case, field.properties, user.id, user.name)
        except NotForYou as refused:
            raise PanelRefused(refused.rule, field.key, refused.message) from None


def _fits(session: Session, field: Field, chosen: Collection[str]) -> bool:
    """Whether each seat can be filled with one of the chosen, and nobody is left over."""
    return _order(field, [session.get_one(User, id) for id in dict.fromkeys(chosen)]) is not None


def member_of(deployed: Deployed, task: Task) -> str | None:
    """The id of the member whose own a task is; None for a task of a team."""
    element = deployed.elements.get(task.element)
    if element is None or not element.collection:
        return None
    return str(task.item.get(element.item_name or "", ""))


def give(step: Step, task: Task) -> None:
    """A member's own task is with them from the beginning."""
    mine = member_of(step.deployed, task)
    member = step.session.get(User, mine) if mine else None
    if member is None or is_kept_out(accounts.viewer_for(member), step.case):
        return
    theirs = {m.team for m in member.memberships}
    task.team = next((team for team in step.deployed.landlord.teams if team in theirs), task.team)
    task.claimed_by, task.claimed_at = member.id, step.now


def reason_against(deployed: Deployed, task: Task, user_id: str | None) -> str:
    """Why a panel's task is not for somebody; empty if it is, or is no panel's."""
    member = member_of(deployed, task)
    if member is None or member == user_id:
        return ""
    user = db.session.get(User, member)
    return f"Not for you: only {user.name if user else 'a member of the panel'} can do this."


@dataclass(frozen=True)
class Seats:
    """Where a procedure chooses a panel. choosing: the tasks; own: those each member does alone.

    facts: the list facts with members. processes: the diagrams that any of these tasks stands in.
    newest, below: what was answered last in each task, by element.
    """

    choosing: dict[str, Field]
    own: frozenset[str]
    facts: frozenset[str]
    processes: frozenset[str]

    def members(self, facts: Mapping[str, Any], newest: Newest) -> list[str]:
        """The ids of all who sit on a panel of a case now."""
        together = [str(id) for fact in sorted(self.facts) for id in facts.get(fact) or ()]
        return together + [id for _, id in self.single(newest)]

    def single(self, newest: Newest) -> Iterator[tuple[str, str]]:
        """Team and id of those who were each chosen in a task of their own."""
        for task, field in self.choosing.items():
            if field.is_seat and (id := newest.get(task, {}).get(field.key)):
                yield field.properties["person"], str(id)


def seats(deployed: Deployed) -> Seats:
    """The panels of a kind of case; all is empty where its procedure has none."""
    tasks = [e for e in deployed.procedure.elements.values() if e.kind == "userTask"]
    choosing = {
        e.id: field
        for e in tasks
        for field in (deployed.forms[e.form].fields if e.form in deployed.forms else ())
        if field.panel or field.is_seat
    }
    facts = frozenset(field.key for field in choosing.values() if field.panel)
    own = frozenset(e.id for e in tasks if e.collection in facts)
    processes = frozenset(e.process for e in tasks if e.id in own or e.id in choosing)
    return Seats(choosing, own, facts, processes)


def seated(deployed: Deployed, facts: Mapping[str, Any], newest: Newest) -> list[tuple[str, str]]:
    """Seat and name of each member, in the order of the seats; “Member” once teams changed."""
    found, panel = [], seats(deployed)
    for team, id in panel.single(newest):
        user, named = db.session.get(User, id), deployed.landlord.teams.get(team)
        if user and user.landlord_id == deployed.landlord_id:
            found.append((named.name if named else "Member", user.name))
    for field in {f.key: f for f in panel.choosing.values() if f.panel}.values():
        users = [db.session.get(User, str(id)) for id in facts.get(field.key) or ()]
        there = [user for user in users if user and user.landlord_id == deployed.landlord_id]
        if order := _order(field, there):
            names = [deployed.landlord.teams[team].name for team in _wanted(field)]
            found += [(name, user.name) for name, user in zip(names, order, strict=True)]
        else:
            found += [("Member", user.name) for user in there]
    return found


def _order(field: Field, users: Sequence[User]) -> Sequence[User] | None:
    """The users in the order of the seats that they can fill; None if a seat or a user is left."""
    wanted = _wanted(field)
    if len(wanted) != len(users):
        return None
    return next((order for order in permutations(users) if _fit(wanted, order)), None)


def _wanted(field: Field) -> list[str]:
    """The team of each seat."""
    return [team for team, number in field.panel.items() for _ in range(number)]


def _fit(wanted: list[str], order: Sequence[User]) -> bool:
    sat = [{m.team for m in user.memberships} for user in order]
    return all(map(set.__contains__, sat, wanted))


def members(case: Case, facts: Collection[str]) -> list[str]:
    """The names of the members in a list fact, in order."""
    users = (db.session.get(User, id) for id in facts)
    return [user.name for user in users if user and user.landlord_id == case.landlord_id]
