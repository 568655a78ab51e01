"""Documents that drift are bugs."""

from __future__ import annotations

import re

from app.cli import main
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
