"""Names that nobody typed."""

from __future__ import annotations

import pytest

from app.services.workshop.naming import LONGEST, code_of


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("We need more time", "we_need_more_time"),
        ("  Réparations: 24-hour “call”  ", "reparations_24_hour_call"),
        ("10 days", "days"),
        ("Стоп!", ""),
        ("a" * 30 + " " + "b" * 30, "a" * 30 + "_" + "b" * (LONGEST - 31)),
        ("a" * (LONGEST - 1) + " b", "a" * (LONGEST - 1)),
    ],
)
def test_a_title_becomes_small_letters_digits_and_underscores(title: str, code: str) -> None:
    assert code_of(title, ()) == code


def test_a_name_that_is_taken_gets_a_number() -> None:
    assert code_of("Late", {"late"}) == "late_2"
    assert code_of("Late", {"late", "late_2"}) == "late_3"
