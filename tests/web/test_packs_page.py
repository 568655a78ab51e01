"""The page of hearing packs: makes one, lists them all, and hands each out to those who may."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient

from app.clock import SetClock
from app.services import sweep
from app.services.operations import jobs
from app.viewer import Viewer
from tests import hearing, small
from tests.conftest import make_user
from tests.services.test_panels import member, open_at

SignIn = Callable[[Viewer], FlaskClient]


def test_the_page_makes_one_without_javascript_and_says_that_it_takes_a_while(
    app: Flask, sign_in: SignIn, clock: SetClock
) -> None:
    grace = hearing.officer()
    case = hearing.answered(grace)
    seated = hearing.seat(grace, case)
    (view,) = (t for t in open_at(case, "give_view") if t.claimed_by == seated["bo"].user_id)
    browser = sign_in(seated["bo"])
    page = browser.get(f"/tasks/{view.id}").text
    assert f'href="/cases/{case.reference}/packs">Hearing pack' in page
    assert "Yours as a member of the panel" in page
    assert "Hand over" not in page and ">Release<" not in page

    page = browser.get(f"/cases/{case.reference}/packs").text
    assert "up to two minutes" in page and "Bo</b>" in page and "No pack yet" in page
    answer = browser.post(f"/cases/{case.reference}/packs")
    assert answer.status_code == 303
    page = browser.get(answer.location).text
    assert "A pack is being made" in page and "It begins within a few seconds" in page
    assert "Make the pack" not in page
    jobs.run_waiting(sweep.JOBS)
    page = browser.get(answer.location).text
    assert "A pack is being made" not in page and ".pdf" in page
    (href,) = re.findall(r'href="(/cases/[^"]+\.pdf)"', page)
    sent = browser.get(href)
    assert sent.content_type == "application/pdf" and sent.headers["Cache-Control"] == "no-store"
    assert hashlib.sha256(sent.data).hexdigest() in page

    clock.move_to(clock() + timedelta(minutes=1))
    browser.post(f"/cases/{case.reference}/packs")
    page = browser.get(answer.location).text
    (off,) = re.findall(r'action="([^"]+/cancel)"', page)
    assert browser.post(off).status_code == 303 and browser.post(off).status_code == 404
    assert "Called off." in browser.get(answer.location).text

    page = sign_in(member("ordinary")).get(f"/cases/{case.reference}").text
    assert f"/cases/{case.reference}/packs" not in page
    page = (
        sign_in(make_user(small.SMALL, "ruth", "auditor")).get(f"/histories/{case.reference}").text
    )
    assert f"/cases/{case.reference}/packs" in page
    page = browser.get(f"/cases/{case.reference}/packs").text  # an auditor reads, and makes none
    assert "Make a new pack" not in page and ".pdf" in page
