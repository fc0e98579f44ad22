"""Accounts made by the command, and clients that have logged in."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx2

from tests.running import fabricate

GOOD = "four words, nothing in common"


def add(
    data: Path,
    name: str,
    *roles: str,
    password: str = GOOD,
    env: Mapping[str, str] | None = None,
) -> None:
    file = data.parent / "password.txt"
    data.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(password + "\n", encoding="utf-8")
    given = [part for role in roles for part in ("--role", role)]
    options = ("--password-file", file, "--data", data)
    fabricate("user", "add", name, *given, *options, env=env).check(0)


def key(data: Path, name: str) -> str:
    return fabricate("user", "key", name, "--data", data).check(0).out.strip()


@contextlib.contextmanager
def browser(url: str) -> Iterator[httpx2.Client]:
    """A client that keeps cookies."""
    with httpx2.Client(base_url=url, timeout=60, trust_env=False) as client:
        yield client


@contextlib.contextmanager
def logged_in(url: str, name: str, password: str = GOOD) -> Iterator[httpx2.Client]:
    """A browser, as far as cookies go, whose changes come with the session's token."""
    with browser(url) as client:
        answer = client.post("/api/v1/auth/login", json={"name": name, "password": password})
        assert answer.status_code == 200, answer.text
        client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        yield client
