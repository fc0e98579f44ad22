"""What is said to be valid at once is what the validator that explains finds no fault with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from scenario_runner.fields.scalars import WrittenFloat
from scenario_runner.language.check import SchemaCheck
from scenario_runner.language.loader import parse_document
from scenario_runner.language.schema import scenario_schema
from scenario_runner.language.schema_errors import explaining_validator
from scenario_runner.language.validity import Validity
from scenario_runner.plugins import Plugins

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = scenario_schema(Plugins())
CHECK, VALIDITY = SchemaCheck(SCHEMA), Validity(SCHEMA)
SHIPPED = sorted((ROOT / "scenarios").rglob("*.yaml"))
EXAMPLES = [
    yaml.safe_load(path.read_text("utf-8"))
    for path in sorted((ROOT / "tests/examples").rglob("*.yaml"))
    if b"scenario/v1" in path.read_bytes() and path.parent.name == "valid"
]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_scenario_is_valid_at_once(path: Path) -> None:
    text = path.read_text("utf-8")
    if "scenario/v1" in text:
        assert VALIDITY.is_certain(parse_document(text, str(path)).data)


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=8),
    st.sampled_from(["{{ vars.x }}", "{{ 1 }} and", "1.0", "30s", "CT", "\ud800"]),
    st.decimals(-9, 9, places=1).map(lambda number: WrittenFloat(f"{number:f}")),
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """An example in which one value is another one, or one key is added."""
    data = draw(st.sampled_from(EXAMPLES))
    places: list[Any] = []

    def copied(value: Any) -> Any:
        if isinstance(value, dict):
            new: Any = {key: copied(inner) for key, inner in value.items()}
        elif isinstance(value, list):
            new = [copied(inner) for inner in value]
        else:
            return value
        places.append(new)
        return new

    whole = copied(data)
    place = draw(st.sampled_from(places))
    value = draw(st.one_of(SCALARS, st.lists(SCALARS, max_size=2), st.just({})))
    if isinstance(place, list):
        place.append(value)
    else:
        place[draw(st.sampled_from([*place, "count", "nonsense"]))] = value
    return whole


@given(mutated())
@settings(max_examples=200, deadline=None)
def test_nothing_is_called_valid_that_would_be_explained(data: Any) -> None:
    if VALIDITY.is_certain(data):
        assert not list(CHECK._validator.iter_errors(data))


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer"}, {"type": ["number", "null"]}, {"const": 1}, {"const": True}, {"enum": [0, "a", None]},
        {"minimum": 1}, {"maximum": 1}, {"exclusiveMinimum": 1}, {"exclusiveMaximum": 1}, {"pattern": "a$"},
        {"minLength": 2}, {"maxLength": 1}, {"minItems": 2}, {"maxItems": 1}, {"minProperties": 2},
        {"maxProperties": 1}, {"required": ["a"]}, {"propertyNames": {"maxLength": 1}}, {"items": {"type": "integer"}},
        {"anyOf": [{"type": "string"}, {"minimum": 1}]}, {"oneOf": [{"type": "number"}, {"minimum": 1}]},
        {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"additionalProperties": False},
        {"properties": {"a": {"type": "integer"}}, "patternProperties": {"^b": {"type": "string"}},
         "additionalProperties": {"type": "null"}},
    ],
    ids=str,
)  # fmt: skip
def test_each_keyword_means_what_the_validator_that_explains_means(schema: Any) -> None:
    values: list[Any] = [
        None, True, False, 0, 1, 2, 1.0, 1.5, float("nan"), "", "a", "ba", "\ud800", [], [1], [1, "a"], {}, {"a": 1},
        {"b": "x"}, {"a": True, "b": 1}, {"c": None}, {"bb": "y", "a": 2},
    ]  # fmt: skip
    explains = explaining_validator(schema)
    for value in values:
        assert Validity(schema).is_certain(value) == explains.is_valid(value), value


@pytest.mark.parametrize(
    "schema",
    [
        {"not": {}}, {"items": {"format": "date"}}, {"const": {"a": 1}}, {"$ref": "#"},
        {"propertyNames": {"pattern": r"\p{L}"}}, {"patternProperties": {r"\p{L}": {}}},
    ],
    ids=str,
)  # fmt: skip
def test_of_what_is_not_known_nothing_is_certain(schema: Any) -> None:
    assert not Validity(schema).is_certain([{"a": 1}] if "items" in schema else {"a": 1})


def test_a_decimal_is_no_whole_number() -> None:
    data = {"schema": "scenario/v1", "name": "x", "patients": [{"count": WrittenFloat("2.0")}]}
    assert not VALIDITY.is_certain(data)


def test_a_valid_file_needs_no_explanation() -> None:
    code = (
        "import sys; from scenario_runner.cli import main;"
        f"sys.argv[1:] = ['validate', {str(ROOT / 'scenarios/xray_smoke.yaml')!r}];\n"
        "try: main()\nexcept SystemExit as end: assert not end.code, end.code\n"
        "sys.exit('jsonschema' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
