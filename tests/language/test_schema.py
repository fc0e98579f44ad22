"""The published schemas are what the models say, and editors get what they need from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from scenario_runner.api import Attributes, Model, Step, StepContext, StepResult, TargetName
from scenario_runner.app.schemas import write_published
from scenario_runner.errors import InvalidInput
from scenario_runner.hooks import hookimpl
from scenario_runner.language.loader import parse_document
from scenario_runner.language.scenario import check_scenario
from scenario_runner.language.schema import (
    make_scenario_schema,
    make_steps_schema,
    scenario_schema,
    site_schema,
    steps_schema,
)
from scenario_runner.language.site import default_site, read_site
from scenario_runner.libraries.overlay import overlay_schema
from scenario_runner.plugins import Plugins

SCHEMAS = Path(__file__).parents[2] / "schemas"


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return Plugins(outside=False)


def test_the_published_schemas_are_in_step_with_the_models(tmp_path: Path) -> None:
    # Write them again with: python -m scenario_runner.app.schemas
    made = {
        path.relative_to(tmp_path): path.read_text("utf-8") for path in write_published(tmp_path)
    }
    assert made == {
        path.relative_to(SCHEMAS): path.read_text("utf-8") for path in SCHEMAS.rglob("*.json")
    }


def test_the_schema_of_an_overlay_takes_what_the_program_takes() -> None:
    entry = {"with": {"images": 2}, "matrix": {"modality": ["CT"]}, "skip": "has no CT"}
    overlay = {"schema": "overlay/v1", "tags": "smoke", "scenarios": {"ct": entry}, "add": ["own"]}
    schema = overlay_schema()
    Draft202012Validator.check_schema(schema)
    assert accepts(schema, overlay)
    assert not accepts(schema, {**overlay, "scenarios": {"ct": {"skipped": "x"}}})


def test_the_schemas_are_valid_json_schema_2020_12(plugins: Plugins) -> None:
    for schema in (scenario_schema(plugins), site_schema(plugins)):
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        Draft202012Validator.check_schema(schema)


def test_every_reference_of_the_schemas_leads_somewhere(plugins: Plugins) -> None:
    for schema in (scenario_schema(plugins), site_schema(plugins)):
        text = json.dumps(schema)
        used = {part.split('"')[0] for part in text.split('"#/$defs/')[1:]}
        assert used == set(schema["$defs"])


def test_an_editor_can_complete_and_explain_every_step_and_check(plugins: Plugins) -> None:
    schema = scenario_schema(plugins)
    for kind, models in (("step", plugins.steps()), ("check", plugins.checks())):
        properties = schema["$defs"][kind]["properties"]
        for name in models:
            assert properties[name]["description"], f"{kind} {name} has no docstring"
            parameters = schema["$defs"][f"{kind}.{name}"]
            assert parameters["type"] in ("object", "array")


def accepts(schema: dict[str, Any], data: Any) -> bool:
    return Draft202012Validator(schema).is_valid(data)


@pytest.mark.parametrize(
    ("change", "valid"),
    [
        ({"patients": [{"count": "{{ vars.n }}"}]}, True),
        ({"patients": [{"count": "many"}]}, False),
        ({"patients": [{"tags": "{{ vars.t }}"}]}, True),
        ({"patients": [{"tags": "all {{ vars.t }}"}]}, False),
        ({"patients": [{"name": "{{ vars.n }}"}]}, True),
        ({"name": "{{ vars.n }}"}, False),
        ({"schema": "{{ vars.n }}"}, False),
        ({"steps": [{"generate": None}]}, True),
        ({"steps": [{"generate": {}}]}, True),
        ({"steps": [{"echo": None}]}, False),
        ({"steps": [{"echo": {"to": "{{ vars.n }}"}}]}, True),
        ({"steps": [{"echo": {"to": "pacs"}, "id": "{{ vars.n }}"}]}, False),
        ({"steps": [{"echo": {"to": "pacs"}, "save_as": "{{ vars.n }}"}]}, False),
        ({"steps": [{"echo": {"to": "pacs"}, "timeout": "{{ vars.n }}"}]}, True),
        ({"steps": [{"echo": {"to": "pacs"}, "for_each": "{{ vars.n }}"}]}, True),
        ({"steps": [{"echo": {"to": "pacs"}, "for_each": "abc"}]}, False),
        ({"steps": [{"assert": [{"empty": {"actual": "{{ x }}"}, "must": True}]}]}, True),
        ({"steps": [{"assert": []}]}, False),
        ({"steps": [{}]}, False),
    ],
)
def test_templates_may_stand_where_values_are_rendered_and_nowhere_else(
    change: dict[str, Any], valid: bool, plugins: Plugins
) -> None:
    whole = {"schema": "scenario/v1", "name": "x", **change}
    assert accepts(scenario_schema(plugins), whole) is valid


class Burst(Model):
    """Nested parameters of a third party's step."""

    size: int


class Flood(Step):
    """A step of a third party."""

    name: ClassVar[str] = "flood"

    to: TargetName
    """The PACS to flood."""
    burst: Burst
    keys: Attributes | None = None

    def run(self, context: StepContext) -> StepResult:
        return StepResult()


class RelayService(BaseModel):
    """A target kind of a third party."""

    relay_port: int


class Relay:
    name = "relay"
    model = RelayService


class ThirdParty:
    @hookimpl
    def fabricate_steps(self) -> list[type[Step]]:
        return [Flood]

    @hookimpl
    def fabricate_target_kinds(self) -> list[Any]:
        return [Relay]


@pytest.fixture(scope="module")
def extended() -> Plugins:
    plugins = Plugins(outside=False)
    plugins._manager.register(ThirdParty(), name="third-party")
    return plugins


def test_with_a_plugin_what_is_taken_from_the_published_schemas_is_what_would_be_made(
    extended: Plugins,
) -> None:
    assert "flood" in scenario_schema(extended)["$defs"]["step"]["properties"]
    assert json.dumps(scenario_schema(extended)) == json.dumps(make_scenario_schema(extended))
    assert json.dumps(steps_schema(extended)) == json.dumps(make_steps_schema(extended))


def test_a_plugin_step_has_its_errors_positioned_like_a_built_in_one(extended: Plugins) -> None:
    text = (
        "schema: scenario/v1\nname: x\nsteps:\n"
        "  - flood: {to: pasc, burst: {sise: 1}, keys: {PatientNam: x}}\n"
    )
    with pytest.raises(InvalidInput) as caught:
        check_scenario(parse_document(text, "x.yaml"), extended, site=default_site(Path()))
    found = [(each.code, each.where.column) for each in caught.value.diagnostics]
    assert found == [("FAB116", 17), ("FAB104", 31), ("FAB117", 48)]


def test_a_plugin_target_kind_is_a_key_of_a_target(extended: Plugins, tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    head = "schema: site/v1\nname: s\ntargets:\n"
    path.write_text(head + "  pacs: {relay: {relay_port: 7}}\n", encoding="utf-8")
    site = read_site(path, extended, {}).site
    assert getattr(site.targets["pacs"], "relay") == RelayService(relay_port=7)  # noqa: B009
    assert "relay" in json.dumps(site_schema(extended))
    path.write_text(head + "  pacs: {relay: {relay_port: x}}\n", encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        read_site(path, extended, {})
    assert [each.code for each in caught.value.diagnostics] == ["FAB102"]
