"""A resident's visit, for tests: whatever the landlord's public form asks, it is answered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.services import complaints, deployments
from forms import Field, FormDefinition
from tests.cases import RECORDED


@dataclass(frozen=True)
class Receipt:
    """What the last page of the form shows."""

    reference: str
    path: str  # of the private page

    @property
    def token(self) -> str:
        return self.path.rsplit("/", 1)[-1]


def public_form(landlord_id: str) -> FormDefinition:
    """The landlord's public form."""
    name = complaints.start_form(landlord_id, public=True)
    return deployments.live(landlord_id).forms[name]


def typed(landlord_id: str, **more: Any) -> dict[str, Any]:
    """What somebody types who answers what must be answered, and where they can be reached."""
    found: dict[str, Any] = {}
    for field in public_form(landlord_id).fields:
        if field.key in RECORDED:
            found[field.key] = RECORDED[field.key]
        elif field.required:
            found[field.key] = _any_answer(field)
    return found | more


def _any_answer(field: Field) -> str:
    if field.options:
        return field.options[0].value
    return {"tick": "true", "number": "1", "money": "1"}.get(field.kind, "Some words")


def open_form(client: FlaskClient, landlord_id: str, danger: str = "no") -> dict[str, str]:
    """Answer the first page and open the form; returns the page's own fields."""
    client.post(f"/{landlord_id}/complain", data={"danger": danger})
    page = client.get(f"/{landlord_id}/complain/form")
    assert page.status_code == 200
    return own_fields(page.text)


def own_fields(html: str) -> dict[str, str]:
    """The hidden fields that a page carries for itself."""
    return dict(re.findall(r'<input type="hidden" name="(pr_\w+)" value="([^"]*)"', html))


def send(client: FlaskClient, landlord_id: str, fields: dict[str, Any]) -> TestResponse:
    """Post the form."""
    answer = client.post(
        f"/{landlord_id}/complain/form", data=fields, content_type="multipart/form-data"
    )
    answer.request.environ["wsgi.input"].close()  # a large body of a test is a file on disk
    return answer


def complain(client: FlaskClient, landlord_id: str, danger: str = "no", **more: Any) -> Receipt:
    """Make a complaint through the pages."""
    answer = send(
        client, landlord_id, typed(landlord_id, **more) | open_form(client, landlord_id, danger)
    )
    assert answer.status_code == 303, answer.text
    return receipt(client.get(answer.location).text)


def receipt(html: str) -> Receipt:
    """Reference and private link, as the last page shows them."""
    reference = re.search(r'<strong class="pr-ref">([^<]+)<', html)
    link = re.search(r'href="http://[^/"]+(/[^"]+/status/[^"]+)"', html)
    assert reference and link, html
    return Receipt(reference[1].replace(" ", ""), link[1])
