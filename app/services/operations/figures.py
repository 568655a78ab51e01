"""What waits now, in numbers: for the metrics. Counted over all landlords, names nobody."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select

from app import clock
from app.db import db
from app.models import Beat, Case, Incident, Instance, Job, Outgoing, Task
from app.services.operations import delivery, health, jobs, quarantine


def now() -> dict[str, tuple[str, float]]:
    """By name: what it is, and how much."""
    return {
        "cases_open": ("Open cases", _count(select(Case).where(Case.status == "open"))),
        "tasks_open": ("Open tasks", _count(select(Task).where(Task.status == "open"))),
        "tasks_late": (
            "Open tasks whose date has passed",
            _count(select(Task).where(Task.status == "open", Task.due_on < clock.today())),
        ),
        "incidents_open": (
            "Cases that are held by an incident",
            _count(select(Incident).where(Incident.resolved_at.is_(None))),
        ),
        "deadlines_due": (
            "Cases with a deadline that is due and has not fired",
            _count(
                select(Instance).where(
                    Instance.next_due_at <= clock.now(), Instance.held.is_(False)
                )
            ),
        ),
        "deadlines_oldest_due_seconds": (
            "For how long the oldest of them has waited",
            health.oldest_due().total_seconds(),
        ),
        "outbox_waiting": (
            "E-mails and letters that have not left",
            _count(select(Outgoing).where(Outgoing.waits())),
        ),
        "outbox_failed": (
            "E-mails that people have to see to",
            _count(
                select(Outgoing).where(Outgoing.waits(), Outgoing.status.in_(("failed", "blocked")))
            ),
        ),
        "outbox_oldest_seconds": (
            "For how long the oldest e-mail that could go has waited",
            health.oldest_mail().total_seconds(),
        ),
        "jobs_waiting": ("Long work that nobody has begun", float(jobs.waiting())),
        "jobs_running": ("Long work that runs", _count(select(Job).where(Job.status == "running"))),
        "jobs_failed": (
            "Long work that failed, in the last month",
            _count(select(Job).where(Job.status == "failed")),
        ),
        "carriers": (
            "Workers that long work is delivered to; on SQLite whoever sweeps looks for it",
            float(delivery.carriers() if delivery.is_used() else 0),
        ),
        "sweepers": (
            "Processes that have swept in the last two minutes",
            _count(select(Beat).where(Beat.at > clock.now() - health.LATE / 2.5)),
        ),
        "quarantine": ("1 while a restored copy waits for approval", float(quarantine.holds())),
    }


def _count(query: Select[Any]) -> float:
    return db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
