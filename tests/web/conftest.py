"""A landlord with one short procedure, its process owner signed in, and a draft of theirs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.viewer import Viewer
from tests import small
from tests.conftest import make_user
from tests.web.drafting import path_of


@pytest.fixture
def process_owner(app: Flask) -> Viewer:
    small.deploy()
    return make_user(small.SMALL, "olu", "process_owner")


@pytest.fixture
def workshop(process_owner: Viewer, sign_in: Callable[[Viewer], FlaskClient]) -> FlaskClient:
    """The process owner's browser."""
    return sign_in(process_owner)


@pytest.fixture
def draft(process_owner: Viewer) -> str:
    """The address of a draft that changes nothing yet."""
    return path_of(process_owner)
