"""Every paragraph of every landlord's policy is carried by something, or says why nothing need."""

from __future__ import annotations

import pytest

from app.services.coverage import Row, coverage
from app.services.deployments import Deployed, slugs
from app.settings import ROOT
from tests.shipped import contents_of

LANDLORDS = slugs(ROOT / "processes")


def rows_of(landlord: str) -> list[Row]:
    return coverage(Deployed(landlord, "", contents_of(landlord)))


@pytest.mark.parametrize("landlord", LANDLORDS)
def test_every_landlord_lists_its_policy(landlord: str) -> None:
    assert rows_of(landlord)


@pytest.mark.parametrize("landlord", LANDLORDS)
def test_no_paragraph_is_a_hole(landlord: str) -> None:
    holes = [row.number for row in rows_of(landlord) if row.hole]

    assert holes == []
