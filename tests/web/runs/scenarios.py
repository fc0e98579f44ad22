"""Scenarios for runs of a server: quick ones, and ones that go on until they are stopped."""

from __future__ import annotations

import json
from typing import Any


def text(name: str, steps: list[Any], **more: Any) -> str:
    """A scenario with one small CT study; JSON is YAML enough."""
    series = {"modality": "CT", "images": 2, "size": [32, 32]}
    return json.dumps(
        {
            "schema": "scenario/v1",
            "name": name,
            "title": f"What {name} shows",
            "patients": [{"studies": [{"series": [series]}]}],
            **more,
            "steps": steps,
        },
        indent=1,
    )


def quick(name: str = "quick", **more: Any) -> str:
    """Ends by itself, at once."""
    return text(name, [{"log": {"message": "done"}}], **more)


def endless(name: str = "endless") -> str:
    """Goes on for an hour unless it is stopped; then its last step says so."""
    return text(
        name,
        [{"id": "begun", "log": {"message": "begun"}}, {"pause": {"for": "1h"}, "timeout": "2h"}],
        **{"finally": [{"id": "tidied", "log": {"message": "tidied up"}}]},
    )
