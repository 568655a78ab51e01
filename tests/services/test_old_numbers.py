"""Whoever changes a limit is told of letters, forms and targets that still say the old one."""

from __future__ import annotations

import pytest

from app.services.workshop.old_numbers import old_numbers
from tests import small


def changed(days: int, letter: str = small.LETTER, **more: bytes) -> list[tuple[str, str]]:
    """What is told of a draft in which 20 working days become others: (file, message)."""
    window = "working_days(20, answered_on, copy_pauses)"
    parts = [each.replace(window, window.replace("20", str(days))) for each in small.PROCEDURE]
    files = small.files(*parts, letter=letter) | more
    return [(one.file, one.message) for one in old_numbers(small.files(), files)]


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
