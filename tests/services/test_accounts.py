"""Signing in: slow for guessers, plain for everybody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError

from app.clock import SetClock
from app.errors import BadInput, NotAllowed
from app.services import accounts
from app.viewer import Viewer
from tests.conftest import PASSWORD

Make = Callable[..., Viewer]


def email(landlord: str, name: str) -> str:
    return f"{name}@{landlord}.example"


def test_a_password_opens_the_account_and_nothing_else_does(landlord: str, person: Make) -> None:
    viewer = person("amira")

    assert accounts.sign_in(email(landlord, "amira").upper(), PASSWORD).user_id == viewer.user_id
    wrong = accounts.sign_in(email(landlord, "amira"), "wrong")
    unknown = accounts.sign_in("nobody@example.org", PASSWORD)
    assert (wrong.user_id, unknown.user_id) == (None, None)
    assert wrong.problem == unknown.problem


def test_nobodys_hash_is_one_like_any_other_that_no_password_has() -> None:
    hasher = PasswordHasher()
    of_nobody = accounts.of_nobody(hasher)
    assert extract_parameters(of_nobody) == extract_parameters(hasher.hash(PASSWORD))
    assert not hasher.check_needs_rehash(of_nobody)
    with pytest.raises(VerifyMismatchError):  # and not InvalidHashError, which would be quick
        hasher.verify(of_nobody, PASSWORD)


def test_five_wrong_passwords_lock_the_account_for_15_minutes(
    landlord: str, person: Make, clock: SetClock
) -> None:
    viewer = person("amira")
    for _ in range(5):
        accounts.sign_in(email(landlord, "amira"), "wrong")

    locked = accounts.sign_in(email(landlord, "amira"), PASSWORD)
    assert locked == accounts.sign_in("nobody@example.org", PASSWORD)
    assert locked.user_id is None and "15 minutes" in locked.problem
    clock.move_to(clock() + timedelta(minutes=15))
    assert accounts.sign_in(email(landlord, "amira"), PASSWORD).user_id == viewer.user_id


def test_a_new_password_or_role_signs_the_person_out(landlord: str, person: Make) -> None:
    admin, amira = person("sam", role="administrator"), person("amira")
    signed_in = accounts.sign_in(email(landlord, "amira"), PASSWORD)
    assert signed_in.user_id and accounts.user_of(signed_in.user_id, signed_in.session_key)

    accounts.change_user(admin, amira.user_id or "", password="another long password")
    assert accounts.user_of(signed_in.user_id, signed_in.session_key) is None
    with pytest.raises(NotAllowed):
        accounts.change_user(amira, admin.user_id or "", active=False)


def test_a_switched_off_account_opens_nothing(landlord: str, person: Make) -> None:
    admin, amira = person("sam", role="administrator"), person("amira")
    accounts.change_user(admin, amira.user_id or "", active=False)

    assert accounts.sign_in(email(landlord, "amira"), PASSWORD).user_id is None


def test_bad_input_is_told_field_by_field(landlord: str) -> None:
    with pytest.raises(BadInput) as refused:
        accounts.add_user(
            landlord, email="nobody", name=" ", role="king", password="short", teams=("none",)
        )
    assert set(refused.value.errors) == {"email", "name", "role", "password", "teams"}
