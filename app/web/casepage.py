"""What the pages of a case show, gathered from the services."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for
from flask_sqlalchemy.pagination import Pagination

from app import clock
from app.db import db
from app.models import Case
from app.services import (
    accessible_copies,
    cases,
    deployments,
    history,
    letters,
    links,
    new_points,
    outline,
    packs,
    picture,
    promises,
    representatives,
    tasks,
)
from app.services.calendars import pinned_calendar
from app.services.cases import CasePage
from app.services.history import Line
from app.services.inbox import chips
from app.services.kinds import kind_of, title_of
from app.services.letter_words import copy_words, sent_words
from app.services.letters import full_date
from app.services.outcomes import how_ended
from app.services.picture import Picture
from app.services.references import spaced
from app.services.safe_contact import NEVER
from app.viewer import Viewer
from app.web.assets import day_and_time
from app.web.deaths import told_of
from app.web.people import link_once
from app.web.strips import first_name, in_working_days, moment, safety_in, why_of
from app.web.taskpage import earlier, first_line, source_of
from timers.deadlines import DeadlineState

TABS = {
    "overview": "Overview",
    "letters": "Letters",
    "put_right": "Put right",
    "documents": "Documents",
    "notes": "Notes and contacts",
    "people": "People",
    "history": "Full history",
}
OUTCOMES = {"upheld": "Upheld", "partly_upheld": "Partly upheld", "not_upheld": "Not upheld"}
ENGINE_WORDS = {  # what the engine did, for the full history
    "passed": "Passed",
    "opened": "Task opened",
    "closed": "Task ended",
    "decided": "Worked out by the table",
    "armed": "Deadline set",
    "disarmed": "Deadline no longer counts",
    "sent": "Done by the procedure",
    "due": "Fell due",
    "ended": "Ended",
}


class _Pages(Pagination):
    """Where one page of results stands among all."""

    def _query_items(self) -> list[Any]:
        """The places of its items in the list: they are counted, and not shown from here."""
        return [*range(self._query_args["total"])][self._query_offset :][: self.per_page]

    def _query_count(self) -> int:
        return int(self._query_args["total"])


def pages(number: int, total: int, each: int = cases.PAGE) -> Pagination:
    """Page `number` of a list of `total`, for parts/pager.html."""
    return _Pages(page=max(number, 1), per_page=each, error_out=False, total=total)


def stages_of(landlord_id: str, kind: str = "") -> list[tuple[str, str]]:
    """Code and name of the stages that are live now: of one kind of case, or of all."""
    procedures = deployments.live(landlord_id).contents.procedures
    stages: dict[str, str] = {}
    for procedure in (p for root, p in procedures.items() if kind in ("", root)):
        for element in (e for e in procedure.elements.values() if e.stage):
            stages.setdefault(element.stage or "", element.name)
    return list(stages.items())


def show(viewer: Viewer, page: CasePage, tab: str) -> str:
    """The page of a case."""
    return render_template(
        f"cases/{tab}.html",
        **_frame(viewer, page, tab),
        **GATHER.get(tab, lambda _viewer, _page: {})(viewer, page),
    )


def _frame(viewer: Viewer, page: CasePage, tab: str) -> dict[str, Any]:
    """What stands above every tab."""
    case = page.case
    now, then = page.now_and_then
    mine = next((t for t, _, reason in page.tasks if not reason and viewer.can("work")), None)
    return {
        "page": page,
        "case": case,
        "resident": case.resident,
        "reference": spaced(case.reference),
        "place": first_line(case.resident),
        "kind": kind_of(case),
        "came": _came(page),
        "chips": chips(case),
        "safety": safety_in(case),
        "now": now,
        "then": then,
        "standing": _standing(page),
        "my_task": mine,
        "tabs": _tabs(page, tab),
        "has_packs": packs.is_offered(viewer, case),
    }


def _came(page: CasePage) -> str:
    case, kind = page.case, title_of(page.deployed.procedure)
    channel = deployments.landlord(case.landlord_id).channel_name(case.channel)
    way = f" ({channel.lower()})" if channel else ""
    return f"{kind} of {full_date(case.received_on)}{way}"


def _standing(page: CasePage) -> DeadlineState:
    """The tag beside the name: the nearest open duty, or that the case is closed."""
    if page.case.status == "closed":
        return DeadlineState("ended", how_ended([page.case]).get(page.case.id, "Closed"))
    for row, state in page.deadlines:
        if row.kind == "duty" and not row.met_on and not row.ended_at and row.due_on:
            return DeadlineState(state.code, f"{row.name}: {in_working_days(state.words)}")
    for row, state in page.deadlines:
        if state.code == "window":
            return DeadlineState("window", f"{row.name}: {state.words.lower()}")
    return DeadlineState("waiting", "No deadline counts now")


def _tabs(page: CasePage, current: str) -> list[dict[str, Any]]:
    counts = {
        "letters": len(page.letters),
        "put_right": len(promises.of_case(db.session(), page.case)),
        "documents": len(page.documents),
        "notes": len(page.notes),
    }
    return [
        {
            "href": url_for(
                "cases.case",
                reference=page.case.reference,
                tab=tab if tab != "overview" else None,
            ),
            "text": words,
            "count": counts.get(tab),
            "current": tab == current,
        }
        for tab, words in TABS.items()
        if tab != "put_right" or counts[tab] or promises.may_promise(page.deployed)
    ]


def _overview(viewer: Viewer, page: CasePage) -> dict[str, Any]:
    calendar = pinned_calendar(page.deployed.landlord.nation, page.instance.calendar_version)
    today = clock.today()
    found = picture.pictures(page.case, page.instance, page.deployed)
    shown = {drawn.process for drawn in found}
    been = picture.entered(page.case, page.instance, page.deployed)
    return {
        "source": source_of(page.case, page.deployed, viewer),
        "box": _box(page, found),
        "pictures": found,
        "also": [(process, title) for process, title in been if process not in shown],
        "timeline": _timeline(page),
        "deadlines": [
            (row, state, why_of(row, state, calendar, today)) for row, state in page.deadlines
        ],
        "outcomes": OUTCOMES,
        **_points(viewer, page),
        "offers": _offers(page),
        "answers": earlier(page.case, page.deployed),
    }


def _points(viewer: Viewer, page: CasePage) -> dict[str, Any]:
    """The points with what can become of them, and the cases that belong to this one."""
    linked = links.links_of(viewer, page.case)
    return {
        "linked": linked,
        "moved": {other.case.id: other.case.reference for other in linked},
        "can_be_own": {
            point.n for point in page.points if not new_points.why_not_own(page.case, point)
        },
    }


def _offers(page: CasePage) -> list[dict[str, str]]:
    """What the procedure takes now, with a line on what it is for."""
    elements = page.deployed.elements
    return [
        {
            "href": url_for("cases.action", reference=page.case.reference, message=offer.name),
            "words": offer.label,
            "note": _note(elements[offer.element].documentation),
        }
        for offer in page.offers
    ]


def _note(documentation: str) -> str:
    """The first sentence of what the owner wrote about an element."""
    return documentation.split(". ")[0].rstrip(".")


def _version(page: CasePage) -> str:
    number, day = page.deployment.number, page.deployment.at.astimezone(clock.LONDON).date()
    return f"Version {number} of the procedure, of {day.day} {day:%B %Y}"


def _box(page: CasePage, found: list[Picture]) -> dict[str, Any]:
    """The diagrams as parts/diagram.html wants them."""
    views = [_view(page, drawn, first=drawn is found[0]) for drawn in found]
    first = page.tasks[0][0].element if page.tasks else ""
    at_work = (n for n, drawn in enumerate(found) if first in {p.element for p in drawn.now})
    opened = next(at_work, len(found) - 1)  # where the next task is, else the innermost
    for n, view in enumerate(views):
        if n != opened:
            view["folded"] = True  # so that deadlines are not pushed away
    return {"id": "where", "mode": "path", "version": _version(page), "views": views}


def _view(page: CasePage, drawn: Picture, first: bool, large: bool = False) -> dict[str, Any]:
    reference, process = page.case.reference, drawn.process
    inside = f"Inside {drawn.title}"
    view = {
        "title": _title(page) if first else inside,
        "xml": url_for("cases.diagram", reference=reference, process=process),
        "label": f"Diagram: {drawn.title}. The same is told as a list under it.",
        "size": "" if first and not large else "tall",
        "href": ""
        if large
        else url_for("cases.large_diagram", reference=reference, process=process),
        "done": drawn.done,
        "flows": drawn.flows,
        "now": [{"element": place.element, "label": place.label} for place in drawn.now],
    }
    return view if drawn.now else view | {"focus": drawn.focus}


def _title(page: CasePage) -> str:
    closed = page.case.status == "closed"
    return "How it went through the procedure" if closed else "Where it is in the procedure"


def large_diagram(viewer: Viewer, page: CasePage, process: str) -> str:
    """The page of one diagram alone."""
    drawn = picture.picture_of(page.case, page.instance, page.deployed, process)
    view = _view(page, drawn, first=process == page.deployed.procedure.main, large=True)
    box = {"id": "large", "mode": "path", "version": _version(page), "views": [view]}
    return render_template(
        "cases/large_diagram.html",
        box=box,
        pictures=[drawn],
        **_frame(viewer, page, "overview"),
    )


def _timeline(page: CasePage) -> list[dict[str, Any]]:
    """Still to come, what is open, then what happened, newest first."""
    items: list[dict[str, Any]] = []
    if page.now_and_then[1]:
        items.append({"title": f"Still to come: {page.now_and_then[1]}", "kind": "next"})
    for row, state in page.deadlines:
        if state.code == "window":
            told = f"Until {full_date(row.due_on)}."
            items.append({"title": f"Still to come: {row.name}", "text": told, "kind": "next"})
    for task, name, _ in page.tasks:
        due = f" Due {full_date(task.due_on)}." if task.due_on else ""
        held = f"{name}, claimed" if task.claimed_at else "Nobody has claimed it; open since"
        at = task.claimed_at or task.opened_at
        items.append(
            {
                "title": task.name,
                "text": f"Open.{due}",
                "by": "",
                "at": at,
                "at_words": f"{held} {day_and_time(at)}",
                "kind": "now",
            }
        )
    return items + [_told(page.case, line) for line in _without_echoes(page.timeline)]


def _without_echoes(lines: list[Line]) -> list[Line]:
    """Without the bare name of an end that only repeats what was told in the same moment."""
    told = {(line.at, line.title) for line in lines if line.text}
    return [line for line in lines if line.text or (line.at, line.title) not in told]


def _told(case: Case, line: Line) -> dict[str, Any]:
    item = {
        "title": line.title,
        "text": line.text,
        "by": line.who,
        "at": line.at,
        "at_words": moment(line.at),
        "kind": "late" if line.bad else "",
    }
    if line.letter_id:
        href = url_for("cases.letter", reference=case.reference, letter_id=line.letter_id)
        item |= {"href": href, "link_words": "letter"}
    return item


def _letters(viewer: Viewer, page: CasePage) -> dict[str, Any]:
    session = db.session()
    copies = accessible_copies.of_case(session, page.case)
    return {
        "rows": [
            {
                "letter": letter,
                "sent": sent_words(letter, outgoing),
                "writer": tasks.name_of(letter.written_by),
                "to": letters.recipient_of(session, page.case, letter).name,
                "copies": [copy_words(copy) for copy in copies if copy.letter_id == letter.id],
            }
            for letter, outgoing in page.letters
        ]
    }


def _history(viewer: Viewer, page: CasePage) -> dict[str, Any]:
    """Every event, also those that the timeline leaves out."""
    elements = page.deployed.elements
    rows = []
    for line in history.lines_of(page.case, page.instance, page.deployed, whole=True):
        element = elements.get(line.element)
        name = outline.name_of(element) if element else line.element
        words = line.title or f"{ENGINE_WORDS.get(line.action, line.action)}: {name}"
        rows.append((line, words, moment(line.at)))
    versions = history.versions_of(page.instance, page.deployment.number)
    return {"rows": rows, "version": _version(page), "versions": versions}


def _put_right(viewer: Viewer, page: CasePage) -> dict[str, Any]:
    """What was promised, and what was to be paid, with how each stands."""
    rows = promises.standing(promises.of_case(db.session(), page.case))
    return {
        "actions": [(row, state) for row, state in rows if row.kind == "action"],
        "payments": [
            (row, state, tasks.name_of(row.approved_by))
            for row, state in rows
            if row.kind == "payment"
        ],
    }


def _people(viewer: Viewer, page: CasePage) -> dict[str, Any]:
    case, today = page.case, clock.today()
    recorders = representatives.recorded_by(db.session(), case)
    return {
        "workers": list(dict.fromkeys((n, t.name) for t, n, _ in page.tasks if n)),
        "never": NEVER,
        "link": link_once(case),
        "late": told_of(case),
        "helpers": [
            {
                "party": party,
                "may_act": party.may_act(today),
                "stands": representatives.in_words(party, today),
                "sharing": representatives.may_be_told(party, today, first_name(case.resident)),
                "recorder": recorders.get(party.person_id)
                or tasks.name_of(case.recorded_by)
                or "the resident",
            }
            for party in case.representatives
        ],
    }


GATHER = {
    "overview": _overview,
    "letters": _letters,
    "put_right": _put_right,
    "history": _history,
    "people": _people,
}
