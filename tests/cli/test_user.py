"""``fabricate user``: accounts and keys, made and ended from the command line."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.running import command, environment, fabricate

GOOD = "four words, nothing in common"


def piped(text: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        input=text,
        capture_output=True,
        text=True,
        env=environment(),
        timeout=120,
        check=False,
    )


def test_an_account_is_made_with_a_password_from_standard_input_listed_and_taken_away(
    tmp_path: Path,
) -> None:
    where = ("--data", tmp_path / "data")
    made = piped(f"{GOOD}\n", "user", "add", "joy", "--role", "nurse", "--role", "doctor", *where)
    assert made.returncode == 0, made.stderr
    assert GOOD not in made.stdout + made.stderr
    listed = fabricate("user", "list", "--format", "json", *where).check(0).out
    (row,) = map(json.loads, listed.splitlines())
    assert row.pop("created")
    assert row == {
        "name": "joy",
        "roles": ["doctor", "nurse"],
        "disabled": False,
        "password": True,
        "keys": 0,
    }
    fabricate("user", "remove", "JOY", *where).check(0)
    assert fabricate("user", "list", "--format", "json", *where).check(0).out == ""


def test_what_is_wrong_with_a_new_account_is_told_and_nothing_is_made(tmp_path: Path) -> None:
    where = ("--data", tmp_path / "data")
    for password, said in (("", "no password"), ("password123\n", "first that are tried")):
        done = piped(password, "user", "add", "joy", "--role", "nurse", *where)
        assert done.returncode == 2
        assert said in done.stderr
    assert "king" in fabricate("user", "add", "joy", "--role", "king", *where).check(2).err
    assert fabricate("user", "list", *where).check(0).out == ""


def test_a_key_is_printed_once_and_can_be_revoked(tmp_path: Path) -> None:
    where = ("--data", tmp_path / "data")
    fabricate("user", "add", "scanner", "--role", "technician", "--no-password", *where).check(0)
    key = fabricate("user", "key", "scanner", "--label", "ward", "--days", "9", *where).check(0).out
    assert key.startswith("fabk_")
    listed = fabricate("user", "key", "scanner", "--list", "--format", "json", *where).check(0).out
    assert json.loads(listed)["label"] == "ward"
    assert key.strip() not in listed
    assert key.strip() not in fabricate("audit", "list", "--format", "json", *where).check(0).out
    fabricate("user", "key", "scanner", "--revoke", "ward", *where).check(0)
    again = fabricate("user", "key", "scanner", "--revoke", "ward", *where).check(2)
    assert "has no key 'ward'" in again.err
