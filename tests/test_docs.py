"""Documents that drift are bugs."""

from __future__ import annotations

import re

from app.cli import main
from app.services.importing import FILES
from app.settings import ROOT, Settings

README = (ROOT / "README.md").read_text()


def test_every_setting_is_in_the_readme() -> None:
    told = set(re.findall(r"`PUTRIGHT_([A-Z_]+)`", README))

    assert told == {name.upper() for name in Settings.model_fields}


def test_every_command_is_in_the_readme_and_has_help() -> None:
    for name, command in main.commands.items():
        assert f"`{name}`" in README
        assert command.help


def test_every_link_of_the_readme_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_column_of_an_import_is_documented() -> None:
    text = (ROOT / "app/services/importing/README.md").read_text()
    table = {line.split("|")[1].strip(" `"): line for line in text.splitlines() if "| `" in line}
    assert table.keys() == FILES.keys()
    for file, kind in FILES.items():
        columns = kind.model_fields.keys() - {"facts", "done_by"}
        told = set(re.findall(r"[a-z_]+", table[file]))
        assert columns - told == set()
        needed = {name for name, field in kind.model_fields.items() if field.is_required()}
        assert set(re.findall(r"\*\*(\w+)\*\*", table[file])) == needed
