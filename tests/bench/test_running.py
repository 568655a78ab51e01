"""The managers' running cases among ten thousand and a hundred thousand open ones (P12)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask

from app.db import db
from app.services import open_cases, pace, watch
from app.services.open_cases import Wanted
from app.viewer import Viewer
from tests.bench.conftest import Tell
from tests.bench.crowd import Crowd
from tests.bench.table import in_turn
from tests.conftest import make_user

NUMBERS = (10_000, 100_000)
ROUNDS = 7
LISTS = {
    "first page": Wanted(),
    "keyset page": Wanted(after="2026-12-24|" + "c" * 32),
    "late only": Wanted("late"),
    "unclaimed only": Wanted("unclaimed"),
    "hazards only": Wanted("hazard"),
    "one stage": Wanted(stage="stage_3"),
    "with the resident only": Wanted("waiting"),
}


@pytest.mark.made_up_rows
@pytest.mark.parametrize("number", NUMBERS)
def test_running_cases_among_many(app: Flask, told: Tell, number: int) -> None:
    crowd = Crowd()
    crowd.fill(number, number * 9 // 10, limits=number)
    manager = make_user(crowd.officer.landlord_id, "helen", "manager")
    assert watch.control_room(manager).numbers["open"] == number + 1
    acts = {
        "whole room": watch.control_room,
        "numbers by stage and step": open_cases.lots,
        "heat of the diagram": pace.heat,
    } | {f"list, {name}": partial(_listed, wanted=wanted) for name, wanted in LISTS.items()}
    taken = in_turn(ROUNDS, **{name: _request(app, act, manager) for name, act in acts.items()})
    for name, milliseconds in taken.items():
        counts = name.startswith("numbers")
        told(
            f"{'P12 ' if counts else ''}running, {name}: {number // 1000}k, ms",
            milliseconds,
            "<= 20" if counts else "",
        )


def _listed(viewer: Viewer, wanted: Wanted) -> object:
    return open_cases.first(viewer, wanted, watch.PAGE + 1, open_cases.lots(viewer))


def _request(app: Flask, act: Callable[[Viewer], object], viewer: Viewer) -> Callable[[], None]:
    """As in a request of its own."""

    def request() -> None:
        with app.app_context():
            act(viewer)
            db.session.remove()

    return request
