"""Whoever changes a limit is told of letters, forms and targets that still say the old one."""

from __future__ import annotations

import pytest

from app.services.contents import Contents
from app.services.workshop.changed_limits import to_look_at
from tests import small
from tests.shipped import contents_of


def changed(days: int, letter: str = small.LETTER, **more: bytes) -> list[tuple[str, str]]:
    """What is told of a draft in which 20 working days become others: (file, message)."""
    window = "working_days(20, answered_on, copy_pauses)"
    parts = [each.replace(window, window.replace("20", str(days))) for each in small.PROCEDURE]
    files = small.files(*parts, letter=letter) | more
    return [(one.file, one.message) for one in to_look_at(small.files(), Contents(files))]


@pytest.mark.parametrize("words", ["within 20 working days of", "Twenty working days after"])
def test_a_letter_that_says_the_old_number_is_told_with_its_words(words: str) -> None:
    letter = small.LETTER.replace("Ask again", f"Ask again {words} it")
    ((file, said),) = changed(15, letter)
    assert file == "letters/answer.md" and words in said and "counts 15 now" in said
    assert changed(20, letter) == [], "the limit is as it was"


def test_targets_forms_and_names_are_read_and_stories_are_not() -> None:
    said = b'name = "Answered in 20 working days"'
    form = small.form("asks", small.DAY, {"key": "why", "label": "Within 20 working days?"})
    more = {"landlord.toml": said, "forms/asks.form": form, "stories/a.toml": said}
    assert [file for file, _ in changed(15, **more)] == ["forms/asks.form", "landlord.toml"]


def test_another_number_or_unit_is_another_matter() -> None:
    letter = small.LETTER.replace("Ask again", "In 120 working days, 20 days or 2 working days")
    assert changed(15, letter) == []


@pytest.mark.parametrize(("days", "told"), [(5, []), (12, ["stage_1_due"])])
def test_a_limit_that_is_longer_than_the_codes_is_told(days: int, told: list[str]) -> None:
    files = dict(contents_of("southway").files)
    limit = b"else working_days(10, counts_from)"
    assert limit in files["stages.bpmn"]
    longer = files["stages.bpmn"].replace(limit, limit.replace(b"10", str(days).encode()))
    found = to_look_at(files, Contents(files | {"stages.bpmn": longer}))
    said = [one for one in found if "the Code gives 10 (6.3, 6.4)" in one.message]
    assert [one.element for one in said] == told
