"""What goes wrong on the pages of residents: the way out stays, and an older form is known."""

from __future__ import annotations

import json

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.db import db
from app.models import Case
from app.services import deployments
from tests import public


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("status/nope", 404),
        ("complain/return/xxxx", 404),
        ("no/such/page", 404),
        ("leave/", 404),
        ("complain/done", 405),
        ("complain/form", 413),
        ("complain/form", 400),
        ("complain/form", 500),
    ],
)
def test_every_error_below_a_landlord_has_the_way_out_too(
    app: Flask,
    client: FlaskClient,
    landlord: str,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    status: int,
) -> None:
    if status == 413:
        monkeypatch.setattr("app.web.public.LARGEST_POST", 10)
    if status == 500:
        monkeypatch.setattr("app.web.intake._sent", lambda _deployed: 1 / 0)
    if status == 400:
        monkeypatch.setattr("app.web.intake._sent", lambda _deployed: abort(400))
    ask = client.get if status == 404 else client.post
    answer = ask(f"/{landlord}/{path}", data={"story": "x" * 100})
    assert answer.status_code == status
    assert f'href="/{landlord}/leave"' in answer.text and "data-leave" in answer.text
    assert deployments.landlord(landlord).name in answer.text
    assert deployments.landlord(landlord).phone in answer.text, "somebody can be rung"
    assert "administrator" not in answer.text
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_form_that_changed_meanwhile_is_shown_again(client: FlaskClient, landlord: str) -> None:
    form = f"forms/{public.public_form(landlord).name}.form"
    files = dict(deployments.live(landlord).files)
    drawn = json.loads(files[form])
    more = {"type": "textfield", "id": "Field_more", "key": "asked_last_week", "label": "More?"}
    drawn["components"].append(more)
    deployments.deploy(landlord, files | {form: json.dumps(drawn).encode()})
    fields = public.typed(landlord, asked_last_week="yes") | public.open_form(client, landlord)
    deployments.deploy(landlord, files)

    answer = public.send(client, landlord, fields)

    assert answer.status_code == 422
    assert "We changed this form" in answer.text
    del fields["asked_last_week"]
    assert public.send(client, landlord, fields).status_code == 303


def test_a_name_that_no_version_of_the_form_ever_had_is_refused(
    client: FlaskClient, landlord: str
) -> None:
    fields = public.typed(landlord, never_asked="yes") | public.open_form(client, landlord)
    assert public.send(client, landlord, fields).status_code == 400
    assert db.session.scalar(select(func.count()).select_from(Case)) == 0
