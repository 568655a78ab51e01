"""An address that residents are given is the server's public one, by whatever name it was asked."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.settings import Settings
from app.viewer import Viewer
from tests import public
from tests.cases import first_team
from tests.redrawn import begun, deploy_small
from tests.web.test_record import posted


@pytest.fixture
def start(app: Flask, settings: Settings, landlord: str) -> str:
    """How private addresses begin on a server that residents know by another name than its own."""
    known_as = {"public_url": "https://complaints.example/"}
    app.extensions["settings"] = settings.model_copy(update=known_as)
    return f"https://complaints.example/{landlord}"


@pytest.fixture
def browser(
    landlord: str,
    person: Callable[..., Viewer],
    sign_in: Callable[[Viewer], FlaskClient],
) -> FlaskClient:
    return sign_in(person("grace", teams=(first_team(landlord),)))


def addresses(page: str) -> list[str]:
    """Whole addresses of pages behind a private link."""
    return re.findall(r"https?://[^\s\"<]+/(?:status|return)/", page)


def shown(client: FlaskClient, path: str) -> list[str]:
    return addresses(client.get(path).text)


def test_a_resident_keeps_the_public_address_of_a_complaint(
    client: FlaskClient, landlord: str, start: str
) -> None:
    sent = public.send(
        client, landlord, public.typed(landlord) | public.open_form(client, landlord)
    )
    found = shown(client, sent.location)
    assert found and {*found} == {f"{start}/status/"}


def test_a_resident_keeps_the_public_address_of_a_saved_form(
    client: FlaskClient, landlord: str, start: str
) -> None:
    fields = public.open_form(client, landlord) | {"story": "Half of it", "pr_do": "save"}
    found = shown(client, public.send(client, landlord, fields).location)
    assert found and {*found} == {f"{start}/complain/return/"}


def test_staff_read_out_the_public_address_of_what_they_recorded(
    browser: FlaskClient, landlord: str, start: str
) -> None:
    found = shown(browser, browser.post("/record", data=posted(landlord)).location)
    assert found and {*found} == {f"{start}/status/"}


def test_staff_hand_on_the_public_address_as_a_new_link(
    browser: FlaskClient, landlord: str, start: str
) -> None:
    deploy_small(landlord)
    case = begun(landlord)
    given = browser.post(f"/cases/{case.reference}/people/link")
    found = shown(browser, given.location)
    assert found and {*found} == {f"{start}/status/"}
