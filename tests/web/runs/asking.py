"""Runs of a served service, asked for and waited for."""

from __future__ import annotations

import time
from typing import Any

import httpx2

RUNS = "/api/v1/runs"
PATIENCE = 120.0


def client_of(url: str, **headers: str) -> httpx2.Client:
    """A program that asks a server."""
    return httpx2.Client(base_url=url, timeout=60, trust_env=False, headers=headers)


def started(client: httpx2.Client, text: str, **more: Any) -> str:
    """The ID of a run that was asked for."""
    answer = client.post(RUNS, json={"text": text, **more})
    assert answer.status_code == 201, answer.text
    run: dict[str, str] = answer.json()
    assert answer.headers["location"] == f"{RUNS}/{run['id']}"
    return run["id"]


def state(client: httpx2.Client, run: str) -> dict[str, Any]:
    answer = client.get(f"{RUNS}/{run}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ended(client: httpx2.Client, run: str) -> dict[str, Any]:
    """How it ended, when it has."""
    until = time.monotonic() + PATIENCE
    while (found := state(client, run))["state"] != "ended":
        assert time.monotonic() < until, f"it does not end: {found}"
        time.sleep(0.1)
    return found


def begun(client: httpx2.Client, run: str) -> None:
    """Wait until its first step has been carried out."""
    until = time.monotonic() + PATIENCE
    while not any(one.get("id") == "begun" for one in finished_steps(client, run)):
        assert time.monotonic() < until, state(client, run)
        time.sleep(0.1)


def finished_steps(client: httpx2.Client, run: str) -> list[dict[str, Any]]:
    answer = client.get(f"{RUNS}/{run}/files/events.ndjson")
    if answer.status_code != 200:
        return []
    events = [httpx2.Response(200, content=line).json() for line in whole_lines(answer.content)]
    return [one for one in events if one["event"] == "step_finished"]


def whole_lines(content: bytes) -> list[bytes]:
    return content[: content.rfind(b"\n") + 1].splitlines()
