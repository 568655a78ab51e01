"""Letters as fields and back, and with made-up words: every letter that is shipped."""

from __future__ import annotations

from datetime import date

import pytest

from app.letters import parse_letter, to_plain
from app.services.contents import Contents, choices_of
from app.services.deployments import read_folders
from app.services.workshop import letter_fields
from app.settings import ROOT
from tests.conftest import PROCESSES

LANDLORDS = sorted(path.parent.name for path in PROCESSES.glob("*/landlord.toml"))


@pytest.mark.parametrize("landlord", LANDLORDS)
def test_a_letter_as_fields_is_the_same_letter_and_can_be_looked_at(landlord: str) -> None:
    files = read_folders(landlord, PROCESSES, ROOT / "forms" / "definitions")
    contents = Contents(files)
    facts = contents.facts
    letters = {path: body.decode() for path, body in files.items() if path.startswith("letters/")}
    assert letters
    for path, text in letters.items():
        sheet = letter_fields.opened(text)
        assert letter_fields.written(sheet) == (text, sheet.body_from), path
        template = parse_letter(text, path[8:-3], frozenset(facts), choices_of(facts))
        for full in (True, False):
            shown = letter_fields.looked_at(template, contents, date(2026, 11, 24), full)
            assert shown.missing == (), f"{path} has gaps"
            assert "{{" not in to_plain(shown)
