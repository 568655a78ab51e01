"""What a visitor may do only so often is counted by all processes together."""

from __future__ import annotations

import threading
from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select

from app.clock import SetClock
from app.db import db
from app.models import Flood
from app.services import floods

FIVE = floods.Limit("facts", 5)


def test_so_many_at_once_then_one_whenever_one_has_run_out(app: Flask, clock: SetClock) -> None:
    assert [floods.take(FIVE, "me") for _ in range(7)] == [0, 0, 0, 0, 0, 720, 720]
    assert (floods.wait(FIVE, "me"), floods.take(FIVE, "you")) == (720, 0)
    assert floods.take(floods.Limit("other", 5), "me") == 0
    clock.move_to(clock() + timedelta(seconds=719))
    assert floods.take(FIVE, "me") == 1
    clock.move_to(clock() + timedelta(seconds=1))
    assert (floods.take(FIVE, "me"), floods.take(FIVE, "me")) == (0, 720)
    clock.move_to(clock() + timedelta(hours=1))
    assert [floods.take(FIVE, "me") for _ in range(6)] == [0, 0, 0, 0, 0, 720]


def test_many_who_come_at_once_are_counted_one_after_the_other(app: Flask) -> None:
    taken: list[int] = []

    def take() -> None:
        with app.app_context():
            taken.append(floods.take(FIVE, "me"))

    threads = [threading.Thread(target=take) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [0] * 5 + [720] * 7


def test_who_it_was_is_not_kept_and_what_is_over_goes(app: Flask, clock: SetClock) -> None:
    floods.take(FIVE, "203.0.113.9")
    assert "203.0" not in db.session.scalars(select(Flood.key)).one()
    floods.drop_old()
    assert db.session.scalar(select(func.count()).select_from(Flood)) == 1
    clock.move_to(clock() + timedelta(hours=1))
    floods.drop_old()
    assert db.session.scalar(select(func.count()).select_from(Flood)) == 0
