"""The inbox: forty tasks a day, the earliest deadline on top."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.errors import NotAllowed, TaskIsOver
from app.services import cases, deployments, tasks
from app.services import inbox as listing
from app.services.inbox import Inbox
from app.services.worklist import MOST, TABS, Filter
from app.web.policy import allow, viewer
from app.web.strips import moment

bp = Blueprint("inbox", __name__)

ONLY = {
    "": "Everything",
    "hazard": "Hazard",
    "safe_contact": "Safe contact",
    "unclaimed": "Unclaimed",
}
AFTER = re.compile(r"(\d{4}-\d\d-\d\d)?\|[0-9a-f]{32}")
TRIES = 5  # at a task that a colleague claims in the same moment
AHEAD = 5  # rows of what colleagues have, on an empty inbox


@bp.get("/inbox")
@allow("work")
def inbox() -> ResponseReturnValue:
    """The tasks of the viewer and of the viewer's teams."""
    wanted = _wanted()
    found = listing.inbox(viewer(), wanted)
    empty = not any(group.rows for group in found.groups)
    return render_template(
        "inbox/inbox.html",
        inbox=found,
        wanted=wanted,
        filtered=_is_filtered(wanted),
        empty=empty,
        tabs=_tabs(found, wanted),
        week=_week(found, wanted),
        fields=_fields(found, wanted),
        keep={k: v for k, v in _kept(wanted).items() if k in {"tab", "on", "late"}},
        here=_link(wanted),
        cleared=url_for("inbox.inbox", tab=wanted.tab),
        next_page=_link(wanted, after=found.next_after) if found.next_after else "",
        claimed=request.args.get("claimed", ""),
        teams={team_id: team.name for team_id, team in _teams().items()},
        clock_time=clock.time_words,
        moment=moment,
        colleagues=_colleagues(wanted) if empty and wanted.tab == "mine" else [],
    )


def _wanted() -> Filter:
    """The filter of the address; what does not fit is left out."""
    asked = request.args
    tab, only = asked.get("tab", ""), asked.get("only", "")
    return Filter(
        tab=tab if tab in TABS else "mine",
        q=asked.get("q", "").strip()[:100],
        team=asked.get("team", ""),
        stage=asked.get("stage", ""),
        only=only if only in ONLY else "",
        on=_day(asked.get("on", "")),
        late=asked.get("late") == "1",
        after=read_after(asked.get("after", "")),
    )


def read_after(text: str) -> str:
    """Where a page of a list begins, "<due>|<id>"; empty for what is no such place."""
    return text if AFTER.fullmatch(text) and _day(text.partition("|")[0], True) else ""


def _day(text: str, or_none: bool = False) -> date | None:
    """An ISO date, or None; with or_none, any date for an empty text, so that it counts as good."""
    try:
        return date.fromisoformat(text) if text or not or_none else clock.today()
    except ValueError:
        return None


def _is_filtered(wanted: Filter) -> bool:
    return any((wanted.q, wanted.team, wanted.stage, wanted.only, wanted.on, wanted.late))


def _kept(wanted: Filter, **changes: Any) -> dict[str, Any]:
    """The query of an address; what is off is left out."""
    query = {
        "tab": wanted.tab if wanted.tab != "mine" else None,
        "q": wanted.q,
        "team": wanted.team,
        "stage": wanted.stage,
        "only": wanted.only,
        "on": wanted.on.isoformat() if wanted.on else None,
        "late": "1" if wanted.late else None,
        "after": wanted.after,
    } | changes
    return {name: value for name, value in query.items() if value}


def _link(wanted: Filter, **changes: Any) -> str:
    return url_for("inbox.inbox", **_kept(wanted, **changes))


def _tabs(found: Inbox, wanted: Filter) -> list[dict[str, Any]]:
    return [
        {
            "href": url_for("inbox.inbox", tab=tab if tab != "mine" else None),
            "text": words,
            "count": up_to(found.counts[tab]),
            "current": tab == wanted.tab,
        }
        for tab, words in TABS.items()
    ]


def up_to(number: int) -> str:
    """A number as people see it: nobody counts on after so many."""
    return f"{number:,}+" if number == MOST else str(number)


def _week(found: Inbox, wanted: Filter) -> list[dict[str, Any]]:
    """The strip of the next ten working days; pressing a day twice shows all days again."""
    cells: list[dict[str, Any]] = []
    for cell in found.week:
        on = cell.day.isoformat() if cell.day else None
        current = wanted.late if cell.kind == "late" else bool(cell.day and cell.day == wanted.on)
        day = f"{cell.day:%a} {cell.day.day}" if cell.day else "Late"
        if cell.kind == "gap":
            cells.append({"kind": "off", "day": day, "words": cell.name})
            continue
        many = "tasks" if cell.count != 1 else "task"
        narrowed = {"late": "1", "on": None} if cell.kind == "late" else {"on": on, "late": None}
        away: dict[str, str | None] = {"late": None, "on": None}
        cells.append(
            {
                "kind": "day" if cell.kind == "late" and not cell.count else cell.kind,
                "day": day,
                "count": up_to(cell.count),
                "words": "today" if cell.kind == "today" else many,
                "href": _link(wanted, after=None, **(away if current else narrowed)),
                "current": current,
            }
        )
    return cells


def _fields(found: Inbox, wanted: Filter) -> list[dict[str, Any]]:
    teams = [(team_id, team.name) for team_id, team in _teams().items()]
    return [
        {"name": "q", "label": "Reference, name or address", "value": wanted.q},
        {
            "name": "team",
            "label": "Team",
            "value": wanted.team,
            "options": [("", "All my teams"), *teams],
        },
        {
            "name": "stage",
            "label": "Stage",
            "value": wanted.stage,
            "options": [("", "Every stage"), *found.stages],
        },
        {"name": "only", "label": "Only", "value": wanted.only, "options": list(ONLY.items())},
    ]


def _teams() -> dict[str, Any]:
    known = deployments.landlord(viewer().landlord_id).teams
    return {team_id: team for team_id, team in known.items() if team_id in viewer().teams}


def _colleagues(wanted: Filter) -> list[listing.Row]:
    """What colleagues of the same teams have now: the first thing to know when one has nothing."""
    waiting = listing.inbox(viewer(), Filter(tab="others"))
    return [row for group in waiting.groups for row in group.rows][:AHEAD]


@bp.post("/inbox/next")
@allow("work")
def next_task() -> ResponseReturnValue:
    """Claim the earliest unclaimed task and open it."""
    for _ in range(TRIES):
        task_id = listing.next_unclaimed(viewer())
        if task_id is None:
            break
        try:
            tasks.claim(viewer(), task_id)
        except (NotAllowed, TaskIsOver):
            continue  # a colleague was faster; the next one then
        return redirect(url_for("tasks.task", task_id=task_id), code=303)
    flash("Nothing that you may do is unclaimed now.")
    return redirect(url_for("inbox.inbox"), code=303)


@bp.post("/alerts/<alert_id>/seen")
@allow("work")
def see_alert(alert_id: str) -> ResponseReturnValue:
    """Somebody of the team has seen an alert."""
    cases.see_alert(viewer(), alert_id)
    return redirect(back_to_list(request.form.get("pr_back", "")), code=303)


def back_to_list(asked: str) -> str:
    """The list as it was, from the page's own field; never another address."""
    own = url_for("inbox.inbox")
    return asked if asked == own or asked.startswith(f"{own}?") else own
