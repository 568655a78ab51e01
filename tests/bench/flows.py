"""django-viewflow as a process: reads sizes of procedures, answers how long one case took.

The flows are those of row.py in Python: tasks one after the other, each with a limit.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from sqlalchemy import make_url

from tests.bench.row import ANSWERS
from tests.bench.table import Times, milliseconds

SQLITE = {
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
}


def set_up(address: str) -> None:
    """Django on this database, with its tables."""
    url = make_url(address)
    there: dict[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "OPTIONS": SQLITE}
    if url.get_backend_name() == "postgresql":
        host = {"HOST": url.query.get("host", url.host), "USER": url.username}
        there = {"ENGINE": "django.db.backends.postgresql", **host}
    settings.configure(
        DATABASES={"default": there | {"NAME": url.database}},
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "viewflow",
            "viewflow.workflow",
            "tests.bench",  # where viewflow finds the flows
        ],
        USE_TZ=True,
    )
    django.setup()
    call_command("migrate", verbosity=0)


def make_flow(size: int) -> Any:
    """The flow with that many tasks. viewflow finds it by its name in this module."""
    from viewflow import this
    from viewflow.workflow import flow

    nodes: dict[str, Any] = {"start": flow.StartHandle().Next(this.task_0), "end": flow.End()}
    for n in range(size):
        after = getattr(this, f"task_{n + 1}") if n + 1 < size else this.end
        limited = flow.View(None).OnTimeout(timedelta(days=90), this.told, interrupting=False)
        nodes[f"task_{n}"] = limited.Next(after)
    name = f"Row{size}Flow"
    made = type(flow.Flow)(name, (flow.Flow,), nodes | {"told": flow.End(), "__module__": __name__})
    globals()[name] = made
    return made


def finish(process: int, user: Any) -> None:
    """Finish the open task."""
    from django.db import transaction
    from viewflow.workflow.models import Task

    with transaction.atomic():
        task = Task.objects.get(process_id=process, status="NEW", flow_task_type="HUMAN")
        with task.activation() as activation:
            activation.assign(user)
            activation.start(None)
            activation.task.data = ANSWERS
            activation.execute()


def case(flow: Any, size: int, user: Any) -> Times:
    """One case through all of its tasks."""
    begun: list[Any] = []
    start = milliseconds(lambda: begun.append(flow.start.run()))
    process = begun[0]
    times = Times(start, [milliseconds(lambda: finish(process.pk, user)) for _ in range(size)])
    process.refresh_from_db()
    assert process.status == "DONE", process.status
    return times


def main(address: str, *sizes: str) -> None:
    """Answer each size on the input with the times of one case."""
    set_up(address)
    from django.contrib.auth.models import User

    user = User.objects.create_user("grace")
    flows = {int(size): make_flow(int(size)) for size in sizes}
    for line in sys.stdin:
        size = int(line)
        print(json.dumps(asdict(case(flows[size], size, user))), flush=True)
