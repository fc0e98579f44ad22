"""What a schema marks is found however deep it lies, and whatever refers to itself on the way."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from threading import Barrier
from typing import Any

from scenario_runner.language.schema_marks import Mark, marks

SCHEMA = {
    "$defs": {
        "part": {
            "properties": {
                "next": {"$ref": "#/$defs/part"},
                "to": {"items": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/target"}]}},
                "plain": {"$ref": "#/$defs/plain"},
            },
        },
        "target": {"type": "string", "x-name-of": "target"},
        "plain": {"additionalProperties": {"$ref": "#/$defs/plain"}},
    },
    "properties": {"start": {"$ref": "#/$defs/part"}, "plain": {"$ref": "#/$defs/plain"}},
    "additionalProperties": {"type": "string", "x-expression": True},
}


def test_marks_behind_references_that_go_in_a_circle_are_found() -> None:
    data = {
        "start": {
            "to": ["a"],
            "next": {"next": {"to": ["b", None], "plain": {"x": {"to": ["c"]}}}},
        },
        "plain": {"to": {"to": {}}},
        "when": "1 < 2",
    }
    assert marks(SCHEMA, data) == [
        Mark("x-name-of", "target", ("start", "to", 0), "a"),
        Mark("x-name-of", "target", ("start", "next", "next", "to", 0), "b"),
        Mark("x-name-of", "target", ("start", "next", "next", "to", 1), None),
        Mark("x-expression", True, ("when",), "1 < 2"),
    ]


def test_what_is_marked_is_found_by_all_who_look_at_once() -> None:
    """The console validates in threads: what one was about to make led nowhere for the others, and from then on."""
    data = {"start": {"next": {"next": {"to": ["a"]}}}, "when": "1 < 2"}
    threads = 6
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(threads) as pool:
            for _ in range(100):
                schema, together = deepcopy(SCHEMA), Barrier(threads)

                def look(_: int, schema: Any = schema, together: Barrier = together) -> int:
                    together.wait(60)
                    return len(marks(schema, data))

                assert set(pool.map(look, range(threads))) == {2}
    finally:
        sys.setswitchinterval(before)
