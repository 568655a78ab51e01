"""The Customer Feedback Report: choose a period, see numbers and their cases, take them away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import clock
from app.errors import BadInput
from app.services import deployments, periods, presentations
from app.services.letters import full_date
from app.services.outcomes import how_ended
from app.services.periods import Period
from app.services.reporting.figures import Figure, Number
from app.services.reporting.report import LISTED, Report, cases_behind, report
from app.web.policy import allow, viewer
from app.web.spreadsheet import csv_file

bp = Blueprint("report", __name__)
KINDS = (("quarter", "Quarters", 8), ("half", "Half-years", 4), ("year", "Years", 3))
WRONG_WAY = "Enter two dates, the earlier one first."
COLUMNS = ("Part", "Group", "What is counted", "Number", "The period before", "Unit")


@bp.get("/report")
@allow("report")
def show() -> ResponseReturnValue:
    """The numbers of one period, beside those of the one before."""
    return _page({}, "")


def _page(errors: dict[str, str], at: str) -> str:
    period, problem = _period()
    landlord = deployments.landlord(viewer().landlord_id)
    return render_template(
        "report/report.html",
        report=report(viewer(), period),
        before=report(viewer(), period.before()),
        period=period,
        choices=_choices(),
        problem=problem,
        typed=request.args,
        number=number_words,
        share=share,
        landlord=landlord,
        due=presentations.due(viewer()),
        presented=presentations.presented(viewer()),
        today=clock.today(),
        errors=errors,
        at=at,
        presented_on=request.form.get("presented_on", ""),
    )


def _period() -> tuple[Period, str]:
    """The period of the address, else the last full quarter; and what is wrong with own dates."""
    asked = request.args
    if asked.get("first") or asked.get("last"):
        own = periods.between(asked.get("first", ""), asked.get("last", ""))
        return (own, "") if own else (_usual(), WRONG_WAY)
    return periods.read(asked.get("period", "")) or _usual(), ""


def _usual() -> Period:
    return periods.latest(clock.today(), "quarter", 1, _year_begins())[0]


def _year_begins() -> int:
    return deployments.landlord(viewer().landlord_id).report.year_begins


def _choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """What can be chosen: the last full ones of each length, and the quarter that still runs."""
    today, begins = clock.today(), _year_begins()
    found = [
        (words, [(p.code, p.name) for p in periods.latest(today, kind, how_many, begins)])
        for kind, words, how_many in KINDS
    ]
    runs = periods.around(today, "quarter", begins)
    found[0][1].insert(0, (runs.code, f"{runs.name}, so far"))
    return found


def number_words(number: Number, unit: str = "count") -> str:
    """A number as people read it: £1,250.00, 9.5, 1,024; a dash where nothing can be said."""
    if number is None:
        return "–"
    if unit == "pounds":
        return f"£{Decimal(number):,.2f}"
    return f"{number:,}" if number == int(number) and isinstance(number, int) else f"{number:g}"


def share(part: Number, whole: Number) -> str:
    """A part in percent, in whole numbers; empty of nothing."""
    return f"{round(100 * int(part or 0) / int(whole))}%" if whole else ""


@bp.get("/report/cases")
@allow("report")
def behind() -> ResponseReturnValue:
    """The cases behind one number."""
    period, _ = _period()
    figure, found = cases_behind(viewer(), period, request.args.get("of", ""))
    return render_template(
        "report/cases.html",
        figure=figure,
        found=found,
        ended=how_ended(found),
        period=period,
        number=number_words,
        listed=LISTED,
    )


@bp.get("/report.csv")
@allow("report")
def export() -> ResponseReturnValue:
    """All numbers as a table."""
    period, _ = _period()
    now, before = report(viewer(), period), report(viewer(), period.before())
    name = f"report-{viewer().landlord_id}-{period.first}-to-{period.last}.csv"
    return csv_file(name, COLUMNS, _rows(now, before))


def _rows(now: Report, before: Report) -> Iterator[tuple[Any, ...]]:
    yield ("Period", "", full_date(now.period.first), "", "", "first day")
    yield ("Period", "", full_date(now.period.last), "", "", "last day")
    for month in now.trend.months:
        yield ("Received by month", "Trend", month.period.name, month.total, "", "count")
    for duty in now.duties:
        for figure in duty.figures:
            yield ("Our limits", f"{duty.stage}: {duty.name}", *_cells(figure, before))
    was = {each.target.name: each.percent for each in before.reached}
    for each in now.reached:
        words = f"{each.target.name} ({each.target.wanted.lower()})"
        cells = ["" if share is None else share for share in (each.percent, was[each.target.name])]
        yield ("Our targets", "", words, *cells, "percent")
    for section in now.sections:
        for group in section.groups:
            for figure in group.figures:
                yield (section.title, group.title, *_cells(figure, before))
    for table in now.equality or ():
        for words, times in table.rows:
            yield ("Equality", table.title, words, times, "", "answers")


def _cells(figure: Figure, before: Report) -> tuple[str, Number | str, Number | str, str]:
    """Plain numbers, so that a spreadsheet can count with them."""
    known = before.number(figure.key)
    number = "" if figure.number is None else figure.number
    unit = "working days" if figure.unit == "days" else figure.unit
    return figure.words, number, "" if known is None else known, unit


@bp.post("/report/presented")
@allow("watch")
def record_presented() -> ResponseReturnValue:
    """Record that a report was presented."""
    name, due_on = request.form.get("report", ""), request.form.get("due_on", "")
    try:
        presentations.record(viewer(), name, due_on, _day(request.form.get("presented_on", "")))
    except BadInput as bad:
        return _page(bad.errors, name), 422
    flash(f"Recorded: “{name}” was presented.")
    return redirect(url_for(".show", _anchor="presented"), 303)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
