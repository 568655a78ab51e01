"""The least that a POST can be: Flask, and two rows by SQLAlchemy Core. No sign-in, no checks."""

from __future__ import annotations

import os

from flask import Flask, redirect, request
from sqlalchemy import Engine, create_engine, insert, update
from werkzeug.wrappers import Response

from app.models.base import new_id
from tests.bench.peers import AUDIT, ROWS


def bare(engine: Engine) -> Flask:
    """The application on this database."""
    app = Flask("bare")

    @app.post("/")
    def step() -> Response:
        row, said = request.form["row"], request.form["said"]
        with engine.begin() as connection:
            connection.execute(update(ROWS).where(ROWS.c.id == row).values(n=ROWS.c.n + 1))
            connection.execute(insert(AUDIT).values(id=new_id(), row_id=row, said=said))
        return redirect("/", code=303)

    return app


def add_rows(engine: Engine, count: int) -> list[str]:
    """So many rows for the steps to change: their ids."""
    ids = [new_id() for _ in range(count)]
    with engine.begin() as connection:
        connection.execute(insert(ROWS), [{"id": each, "n": 0} for each in ids])
    return ids


def served() -> Flask:
    """For gunicorn."""
    return bare(create_engine(os.environ["BENCH_DATABASE_URL"]))
