"""A public form that is kept for later, and finished from anywhere within 14 days."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.clock import SetClock
from app.db import db
from app.models import Case, Return
from app.services import documents, returns
from tests import public

PNG = b"\x89PNG\r\n\x1a\n"


def test_a_form_can_be_saved_and_finished_from_another_browser(
    app: Flask, client: FlaskClient, landlord: str
) -> None:
    fields = public.open_form(client, landlord, "home") | {"story": "Half of it", "pr_do": "save"}
    saved = client.get(public.send(client, landlord, fields).location)
    assert "You have not complained yet" in saved.text
    token = saved.text.split("/complain/return/")[1].split('"')[0]
    assert db.session.scalars(select(Case)).all() == []
    elsewhere = app.test_client()
    back = elsewhere.get(f"/{landlord}/complain/return/{token}")
    assert "Half of it" in back.text
    own = public.own_fields(back.text)
    assert own["pr_danger"] == "home"
    sent = public.send(elsewhere, landlord, public.typed(landlord) | own)
    assert sent.status_code == 303
    assert elsewhere.get(f"/{landlord}/complain/return/{token}").status_code == 404
    assert db.session.scalars(select(Return)).all() == []


def test_saving_again_keeps_the_link(client: FlaskClient, landlord: str) -> None:
    own = public.open_form(client, landlord)
    links = set()
    for story in ("First", "Second"):
        answer = public.send(client, landlord, own | {"story": story, "pr_do": "save"})
        token = client.get(answer.location).text.split("/complain/return/")[1].split('"')[0]
        links.add(token)
        own = public.own_fields(client.get(f"/{landlord}/complain/return/{token}").text)
    assert len(links) == 1
    assert returns.values_of(landlord, links.pop())["story"] == ["Second"]


def test_a_saved_form_is_gone_after_14_days(
    client: FlaskClient, landlord: str, clock: SetClock
) -> None:
    token = returns.save(landlord, {"story": ["Half of it"]})
    clock.move_to(clock.at + timedelta(days=13))
    assert client.get(f"/{landlord}/complain/return/{token}").status_code == 200
    clock.move_to(clock.at + timedelta(days=1))
    assert client.get(f"/{landlord}/complain/return/{token}").status_code == 404
    returns.drop_old()
    assert db.session.scalars(select(Return)).all() == []


def test_files_that_are_no_longer_kept_are_asked_for_again(
    client: FlaskClient, landlord: str, clock: SetClock
) -> None:
    blob = documents.upload(landlord, "a.png", PNG)
    token = returns.save(landlord, {public.file_key(landlord): [blob.id]})
    clock.move_to(clock.at + timedelta(days=8))
    documents.drop_unclaimed()
    assert "Add them again" in client.get(f"/{landlord}/complain/return/{token}").text
