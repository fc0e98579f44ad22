"""What a schema marks is found however deep it lies, and whatever refers to itself on the way."""

from __future__ import annotations

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
