"""serve and worker: what runs until it is stopped."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from functools import partial
from threading import Event
from typing import Any

import click
from flask import Flask
from waitress.server import create_server

from app import logs, wall
from app.alone import alone
from app.cli.group import main, settings_of
from app.cli.procedures import deploy_all
from app.clock import SetClock, system_clock
from app.db import db
from app.factory import create_app
from app.services import accounts, demo, deployments, sweep
from app.services.operations import beats, delivery, migrations
from app.settings import Settings
from app.viewer import ROLES
from timers.calendar import LONDON
from timers.scheduler import start_heartbeat

logger = logging.getLogger(__name__)
THREADS = 8  # of the web server
GRACE = 30  # seconds, for requests that run when it is told to stop
# after a start: then those of the version before, which may have left numbers wrong, are gone
AFTER_OTHERS = timedelta(minutes=10)
FIRST_ACCOUNT = """  Nobody can sign in yet. Make the first account; it asks for a password:
    .venv/bin/putright users add you@example.org --name "Your Name" --role administrator"""


def _bound(app: Flask, host: str, port: int) -> Any:
    """The server, which has the port already: whoever asks now waits until it runs."""
    try:
        server = create_server(app, host=host, port=port, threads=THREADS, ident="Putright")
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or problem
        raise click.ClickException(
            f"Putright cannot listen on {host}, port {port}: {why}. Is it running already? "
            "Choose another port with --port."
        ) from problem
    stop = server.task_dispatcher.shutdown
    # waitress itself would wait for 5
    server.task_dispatcher.shutdown = partial(stop, timeout=GRACE)  # type: ignore[method-assign]
    return server


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="Port to listen on.",
)
@click.option("--database", help="SQLAlchemy address; SQLite under instance/ by default.")
@click.option("--empty", is_flag=True, help="Landlords only: no demo people, no demo cases.")
def serve(host: str, port: int, database: str | None, empty: bool) -> None:
    """Migrate, deploy processes/, make the demo, and serve until Ctrl-C or SIGTERM."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stops as Ctrl-C does
    settings = settings_of(database)
    logs.set_up(settings)
    app = create_app(settings)
    server = _bound(app, host, port)
    with alone(settings):
        _serve(app, settings, server, f"http://{host}:{port}", empty)


def _serve(app: Flask, settings: Settings, server: Any, address: str, empty: bool) -> None:
    stopping = Event()
    with app.app_context():
        migrations.upgrade()
        wall.warn_if_passed(db.engine)
        deploy_all(settings, replace=False)
        told = [] if empty else _demo(settings)
        somebody = accounts.somebody_signs_in()
    at_work = working(app, settings, stopping) if settings.heartbeat else nullcontext()
    click.echo(f"\nPutright is at {address}")
    before = ""
    for email, name, role in told:
        if (landlord := email.partition("@")[2]) != before:
            click.echo(f"\n  {landlord.removesuffix('.example')}")
            before = landlord
        click.echo(f"    {email:56} {name}, {ROLES[role].lower()}")  # type: ignore[index]
    if told:
        click.echo(f"\n  Everybody's password is {demo.PASSWORD}")
    if not somebody:
        click.echo(FIRST_ACCOUNT)
    with at_work:
        try:
            click.echo("Stop with Ctrl-C.")
            server.run()
        except KeyboardInterrupt:
            pass  # pressed before the server had begun to listen for it
        finally:
            stopping.set()
            server.close()


def _demo(settings: Settings) -> list[tuple[str, str, str]]:
    """Demo people, and cases by playing stories on a clock that ends now."""
    told: list[tuple[str, str, str]] = []
    for landlord_id in deployments.landlord_ids():
        told += demo.people(landlord_id)
    now = system_clock()
    past = create_app(settings, SetClock(now))
    with past.app_context(), _between_stories_only() as tell:
        for landlord_id in deployments.landlord_ids():
            if demo.to_play(landlord_id):
                rest = "the rest of " if demo.has_cases(landlord_id) else ""
                click.echo(f"Playing {rest}the demo cases of {landlord_id} …")
                demo.play_all(landlord_id, now.astimezone(LONDON).date(), tell)
    return told


@contextmanager
def working(app: Flask, settings: Settings, stopping: Event) -> Iterator[None]:
    """Deadlines; beside them letters, and beside both the long work that somebody asked for.

    At the end we are stopping, and it waits for what has begun.
    """
    with app.app_context():
        beats.beat()  # whoever asks need not wait for the first round
        delivered = delivery.is_used()
    jobs = {
        "heartbeat": partial(sweep.heartbeat, app, stopping.is_set),
        "post": partial(sweep.post, app, stopping.is_set),
    }
    if delivered:
        carrier = sweep.carrier(app, stopping)
        carrier.start()
    else:
        jobs["work"] = partial(sweep.work, app, stopping.is_set)
    nightly = partial(sweep.by_night, app, stopping.is_set)
    scheduler = start_heartbeat(settings.sweep_every_seconds, nightly, **jobs)
    scheduler.add_job(nightly, "date", run_date=system_clock() + AFTER_OTHERS, id="after others")
    try:
        yield
    finally:
        stopping.set()
        scheduler.shutdown(wait=True)
        if delivered:
            carrier.join()


@contextmanager
def _between_stories_only() -> Iterator[Callable[[str], None]]:
    """Ctrl-C or SIGTERM waits until the story that is played is over: no case is left half told.

    Gives what tells of each story, and stops there.
    """
    pressed: list[int] = []
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(each, lambda number, _: pressed.append(number)) for each in signals]

    def tell(line: str) -> None:
        click.echo(line)
        if pressed:
            raise click.ClickException("Stopped. The next start plays the rest of the demo.")

    try:
        yield tell
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)


@main.command()
@click.option("--once", is_flag=True, help="One beat, then stop.")
def worker(once: bool) -> None:
    """Fire deadlines, send letters and do long work, without pages, until Ctrl-C or SIGTERM.

    Then it finishes the step that runs, leaves the rest to others, and stops.
    """
    settings = settings_of()
    logs.set_up(settings)
    app = create_app(settings)
    with alone(settings):
        with app.app_context():
            migrations.upgrade()
            wall.warn_if_passed(db.engine)
        if once:
            sweep.once(app)
            return
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        stopping = Event()
        with working(app, settings, stopping):
            says = f"Looking every {settings.sweep_every_seconds} seconds. Stop with Ctrl-C."
            logger.info(says) if settings.log == "json" else click.echo(says)
            signal.sigwait({signal.SIGINT, signal.SIGTERM})
