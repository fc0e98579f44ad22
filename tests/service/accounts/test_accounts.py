"""Accounts: who is let in, and that somebody is left who can let others in."""

from __future__ import annotations

import pytest

from scenario_runner.database.engine import Database
from scenario_runner.errors import UsageError
from scenario_runner.service.accounts import passwords
from scenario_runner.service.accounts.accounts import Accounts
from scenario_runner.service.audit.trail import Trail
from scenario_runner.service.permissions import PERMISSIONS, Arrival, Caller, Permission, Role

ROOT = Caller("root", frozenset({Role.ADMIN}), Arrival.COMMAND)
GOOD = "four words, nothing in common"


def test_an_account_is_made_listed_and_removed_and_each_is_written_down(database: Database) -> None:
    accounts = Accounts(database)
    assert not accounts.exist()
    assert accounts.all() == []
    made = accounts.add("Dr.House", [Role.DOCTOR], GOOD, ROOT)
    accounts.add("viewer-program", [Role.NURSE], None, ROOT)
    assert accounts.exist()
    assert made.roles == {Role.DOCTOR}
    assert [one.name for one in accounts.all()] == ["Dr.House", "viewer-program"]
    assert not accounts.named("viewer-program").has_password
    assert accounts.named("dr.house") == made
    accounts.remove("Dr.House", ROOT)
    assert [one.name for one in accounts.all()] == ["viewer-program"]
    changes = [
        (one.caller, one.detail["account"], one.detail["change"])
        for one in Trail(database).entries()
    ]
    assert changes == [
        ("root", "Dr.House", "added"),
        ("root", "viewer-program", "added"),
        ("root", "Dr.House", "removed"),
    ]


def test_no_password_is_kept_as_it_is_and_the_same_one_never_alike(database: Database) -> None:
    first, second = passwords.password_hash(GOOD), passwords.password_hash(GOOD)
    assert first != second
    assert first.startswith("$argon2id$")
    assert GOOD not in first
    assert passwords.is_right(GOOD, first)
    assert not passwords.is_right(GOOD + " ", first)
    assert not passwords.is_right("", "")
    assert not passwords.is_right(GOOD, "no hash at all")


def test_a_password_typed_on_another_keyboard_is_the_same() -> None:
    composed, decomposed = "gr\u00fcne \u00c4pfel ess ich", "gru\u0308ne A\u0308pfel ess ich"
    assert passwords.is_right(decomposed, passwords.password_hash(composed))


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short-1", "fewer than 10"),
        ("x" * 300, "more than 256"),
        ("aaaaaaaaaaaaaaaa", "different characters"),
        ("12121212121212", "different characters"),
        ("1234567890", "first that are tried"),
        ("abcdefghijkl", "first that are tried"),
        ("qwertyuiop", "first that are tried"),
        ("Password2026!", "first that are tried"),
        ("P@ssw0rd123", "first that are tried"),
        ("radiology2026", "first that are tried"),
        ("letmeinletmein", "first that are tried"),
        ("Meredith.Grey1", "the name with little"),
        ("with a bell\a in it", "control character"),
    ],
)
def test_a_password_that_others_would_try_is_not_taken(password: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as caught:
        passwords.require_good(password, "meredith.grey")
    assert password not in str(caught.value)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "Tr0ub4dor&3x",
        "gr\u00fcne \u00c4pfel ess ich",
        "S3cret-pass!9",
    ],
)
def test_a_good_password_is_taken(password: str) -> None:
    passwords.require_good(password, "meredith.grey")


@pytest.mark.parametrize("name", ["", "a b", "-x", "x" * 65, "<b>", "a/b", "\u00e4", "a\n"])
def test_a_name_that_would_mislead_is_not_taken(name: str) -> None:
    with Database(":memory:") as database, pytest.raises(UsageError, match="cannot be the name"):
        Accounts(database).add(name, [Role.NURSE], GOOD, ROOT)


def test_two_names_that_differ_in_case_only_are_not_taken(database: Database) -> None:
    accounts = Accounts(database)
    accounts.add("joy", [Role.NURSE], GOOD, ROOT)
    with pytest.raises(UsageError, match="already"):
        accounts.add("Joy", [Role.ADMIN], GOOD, ROOT)


def test_the_last_administrator_stays_while_there_is_anybody_else(database: Database) -> None:
    accounts = Accounts(database)
    accounts.add("boss", [Role.ADMIN], GOOD, ROOT)
    accounts.add("joy", [Role.NURSE], GOOD, ROOT)
    with pytest.raises(UsageError, match="last administrator"):
        accounts.remove("boss", ROOT)
    with pytest.raises(UsageError, match="last administrator"):
        accounts.set_disabled("boss", True, ROOT)
    with pytest.raises(UsageError, match="last administrator"):
        accounts.set_roles("boss", [Role.DOCTOR], ROOT)
    assert accounts.has_administrator()
    accounts.set_roles("joy", [Role.NURSE, Role.ADMIN], ROOT)
    accounts.remove("boss", ROOT)
    assert accounts.has_administrator()
    accounts.remove("joy", ROOT)
    assert not accounts.exist()


def test_an_account_that_is_not_there_is_told(database: Database) -> None:
    with pytest.raises(UsageError, match="no account 'nobody'"):
        Accounts(database).named("nobody")
    with pytest.raises(UsageError, match="no account 'nobody'"):
        Accounts(database).set_password("nobody", GOOD, ROOT)


def test_the_roles_are_those_of_the_contract() -> None:
    having = {
        permission: {role for role in Role if permission in PERMISSIONS[role]}
        for permission in Permission
    }
    admin = Role.ADMIN
    assert having == {
        Permission.UPLOAD: {admin, Role.DOCTOR, Role.TECHNICIAN},
        Permission.VIEW: set(Role) - {Role.MONITOR},
        Permission.OBSERVE: {admin, Role.MONITOR},
        Permission.MODIFY: {admin, Role.DOCTOR, Role.TECHNICIAN},
        Permission.DELETE: {admin, Role.RADIOLOGIST},
        Permission.RUN: {admin, Role.DOCTOR, Role.TECHNICIAN},
        Permission.USE_PLUGINS: {admin},
        Permission.ADMINISTER: {admin},
    }


def test_a_token_for_one_study_is_for_that_one_only() -> None:
    bound = Caller("joy", frozenset({Role.ADMIN}), Arrival.VIEWER_TOKEN, study="1.2.3")
    assert bound.may(Permission.VIEW, "1.2.3")
    assert not bound.may(Permission.VIEW, "1.2.4")
    assert not bound.may(Permission.VIEW)
    assert not bound.may(Permission.DELETE, "1.2.3")
