"""The JSON Schemas of scenario and site files, generated from the models of all plugins.

``python -m scenario_runner.app.schemas`` writes the published ones, built-ins only.
"""

from __future__ import annotations

import json
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, create_model

from scenario_runner.descriptions import DescribedSchema
from scenario_runner.hooks import Offered
from scenario_runner.language.entries import CheckSiblings, StepSiblings
from scenario_runner.language.library_model import LibraryHeader, StepListHeader
from scenario_runner.language.loads import CaseLoad
from scenario_runner.language.model import PatientSpec, ScenarioHeader
from scenario_runner.language.site_model import Site, TargetSpec
from scenario_runner.language.step_defaults import LISTS
from scenario_runner.resources import resource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ANNOTATIONS = ("description", "default", "examples", "deprecated")
_RENDERED = ("retry", "timeout", "repeat")
"""What stands beside a step and may be a template of more than text."""
_OF_CASES = ("latency", "throughput", "errors")
"""Checks of what a load of whole cases came to."""
_CONSTRAINTS = {"enum", "const", "pattern", "minLength", "maxLength", "format"}

TEMPLATE: Schema = {
    "description": "A template: {{ expression }}, alone or inside text.",
    "type": "string",
    "pattern": r"\{\{",
}
WHOLE: Schema = {
    "description": "One whole template, {{ expression }}, which keeps the expression's type.",
    "type": "string",
    "pattern": r"^\s*\{\{[\s\S]*\}\}\s*$",
}


@lru_cache(maxsize=4)
def scenario_schema(plugins: Offered) -> Schema:
    """JSON Schema 2020-12 of a scenario file, with the steps and checks of these plugins.

    What the kept one says of built-in models need not be made again: it is the published one without words for editors. Plugins never change after they were loaded.
    """
    published = _published("scenario")
    return make_scenario_schema(plugins, published) if plugins.names() else published


@lru_cache(maxsize=4)
def site_schema(plugins: Offered) -> Schema:
    """JSON Schema 2020-12 of a site file, with the target kinds of these plugins."""
    return _published("site") if site_model(plugins) is Site else make_site_schema(plugins)


@cache
def _published(kind: str) -> Schema:
    """Read once: nobody changes it, and what is worked out of it is kept by which object it is."""
    text = resource("schemas", f"plain/{kind}.json").read_text(encoding="utf-8")
    schema: Schema = json.loads(text)
    return schema


def make_scenario_schema(plugins: Offered, published: Schema | None = None) -> Schema:
    """Make the schema of a scenario file from the models of these plugins.

    published: where the definitions of built-in models are taken from; without it they are made.
    """
    builder = _Builder(published)
    header = builder.take(ScenarioHeader, "scenario", templates=False)
    patient = builder.define(lambda: PatientSpec, "patient")
    builder.defs["step"] = builder.entry("step", plugins.steps(), StepSiblings)
    builder.defs["check"] = builder.entry("check", plugins.checks(), CheckSiblings)
    _add_defaults(builder.defs, plugins)
    of_cases = {name: plugins.checks()[name] for name in _OF_CASES}
    builder.defs["case_check"] = builder.entry("check", of_cases, CheckSiblings)
    load = builder.define(lambda: CaseLoad, "load")
    steps = {"type": "array", "items": {"$ref": "#/$defs/step"}}
    header["patternProperties"] = {
        "^x-": {"description": "Anything; anchors stand here that aliases repeat."}
    }
    header["properties"] |= {
        "load": {**load, "description": "When its cases begin, and how many: whole cases as a load."},
        "patients": {
            "anyOf": [{"type": "array", "items": patient}, patient],
            "description": "The synthetic patients with their studies and series.",
        },
        "setup": {**steps, "description": "What has to be there before: when it fails, no step of 'steps' runs, "
                  "and the case has an error."},
        "steps": {**steps, "description": "What to do, in order."},
        "finally": {**steps, "description": "What to do at the end, whatever happened before."},
    }  # fmt: skip
    return builder.whole(header, "A scenario: what to make, and what to do with a PACS.")


def _add_defaults(defs: Schema, plugins: Offered) -> None:
    """What ``defaults`` may say of each kind of step: the parameters that it can do without."""
    properties = defs["scenario.StepDefaults"]["properties"]
    beside = defs["step"]["properties"]
    for name, common in properties.items():
        # As beside a step, where a template can stand.
        properties[name] = {**beside[name], "description": common["description"]}
    for name in plugins.steps():
        step = defs[f"step.{name}"]
        optional = {
            key: value
            for key, value in step.get("properties", {}).items()
            if key not in step.get("required", ())
        }
        if optional and name not in LISTS:
            properties[name] = {
                "description": f"Parameters of each `{name}` of this file that does not give them itself; "
                "what it has to have stands there.",
                "type": "object",
                "properties": optional,
                "additionalProperties": False,
                "x-takes": f"{name}, by default,",
            }


def make_site_schema(plugins: Offered) -> Schema:
    """Make the schema of a site file from the models of these plugins."""
    builder = _Builder()
    site = builder.take(site_model(plugins), "site", templates=True)
    for name in ("schema", "name", "plugins"):
        # Read before anything is rendered.
        plain = _Builder().take(Site, "site", templates=False)["properties"][name]
        site["properties"][name] = plain
    return builder.whole(site, "A site: which PACS there are and how identifiers look.")


@lru_cache(maxsize=4)
def steps_schema(plugins: Offered) -> Schema:
    """JSON Schema 2020-12 of a step list, with the steps and checks of these plugins."""
    published = _published("steps")
    return make_steps_schema(plugins, published) if plugins.names() else published


def library_schema() -> Schema:
    """JSON Schema 2020-12 of ``library.yaml``."""
    return plain_schema(LibraryHeader, "library", "A library of scenarios and step lists.")


def make_steps_schema(plugins: Offered, published: Schema | None = None) -> Schema:
    """Make the schema of a step list from the models of these plugins; published: as of a scenario."""
    builder = _Builder(published)
    header = builder.take(StepListHeader, "steps", templates=False)
    builder.defs["step"] = builder.entry("step", plugins.steps(), StepSiblings)
    builder.defs["check"] = builder.entry("check", plugins.checks(), CheckSiblings)
    header["properties"]["steps"] = {
        "type": "array",
        "items": {"$ref": "#/$defs/step"},
        "minItems": 1,
        "description": "What to do, in order.",
    }
    header["required"] = [*header.get("required", ()), "steps"]
    return builder.whole(header, "A list of steps that scenarios use by its name.")


def plain_schema(model: type[BaseModel], name: str, description: str) -> Schema:
    """The schema of a file without templates, ``schema: …`` among the fields of its model."""
    builder = _Builder()
    return builder.whole(builder.take(model, name, templates=False), description)


def site_model(plugins: Offered) -> type[Site]:
    """The model of a site file, with one more key in a target for each plugin's target kind."""
    kinds = plugins.named("fabricate_target_kinds")
    fields: dict[str, Any] = {
        name: (kinds[name].model | None, None)
        for name in kinds
        if name not in TargetSpec.model_fields
    }
    if not fields:
        return Site
    target = create_model("TargetSpec", __base__=TargetSpec, __doc__=TargetSpec.__doc__, **fields)
    return create_model(
        "Site",
        __base__=Site,
        __doc__=Site.__doc__,
        targets=(dict[str, target], Site.model_fields["targets"]),
    )


class _Builder:
    """Collects definitions while models are turned into schemas in the language's own form."""

    def __init__(self, published: Schema | None = None) -> None:
        """published: a schema whose definitions are not made again."""
        self.defs: dict[str, Schema] = {"template": TEMPLATE, "whole_template": WHOLE}
        self._known: Schema = published["$defs"] if published else {}

    def whole(self, schema: Schema, description: str) -> Schema:
        """The finished document."""
        title = schema["properties"]["schema"]["const"]
        used = _reachable(schema, self.defs)
        schema = {key: value for key, value in schema.items() if key != "description"}
        return {
            "$schema": _DIALECT, "title": title, "description": description, **schema,
            "$defs": {name: self.defs[name] for name in self.defs if name in used},
        }  # fmt: skip

    def define(self, model: Callable[[], type[BaseModel]], name: str, docs: str = "") -> Schema:
        """Put a model's schema among the definitions; returns the reference to it."""
        if name in self._known:
            inner = f"{name}."
            self.defs |= {
                key: known
                for key, known in self._known.items()
                if key == name or key.startswith(inner)
            }
            return {"$ref": f"#/$defs/{name}"}
        self.defs[name] = self.take(model(), name, templates=True)
        if self.defs[name].get("type") == "object":
            self.defs[name]["x-takes"] = name.removeprefix("step.").removeprefix("check.")
        if docs:
            self.defs[name]["x-docs"] = docs
        return {"$ref": f"#/$defs/{name}"}

    def take(self, model: type[BaseModel], name: str, *, templates: bool) -> Schema:
        """A model's schema without its own definitions, which go among ours as ``name.Inner``."""
        raw = model.model_json_schema(
            by_alias=True,
            ref_template=f"#/$defs/{name}.{{model}}",
            schema_generator=DescribedSchema,
        )
        inner = raw.pop("$defs", {})
        for inner_name, inner_schema in inner.items():
            self.defs[f"{name}.{inner_name}"] = _adapt(inner_schema, templates, alone=True)
        adapted = _adapt(raw, templates, alone=True)
        if "$ref" in adapted:  # a model that contains itself
            adapted = self.defs[adapted["$ref"].removeprefix("#/$defs/")]
        return adapted

    def entry(
        self, kind: str, models: Mapping[str, type[BaseModel]], siblings: type[BaseModel]
    ) -> Schema:
        """An object with exactly one key that names a step or check, and its siblings."""
        properties: Schema = {}
        for name in models:
            load = partial(models.__getitem__, name)
            reference = self.define(load, f"{kind}.{name}", f"docs/reference/{kind}s.md#{name}")
            whole = self.defs[f"{kind}.{name}"]
            described = {"description": whole["description"]} if "description" in whole else {}
            if whole.get("type") == "object" and not whole.get("required"):
                reference = {"anyOf": [reference, {"type": "null"}]}
            properties[name] = {**reference, **described}
        beside = self.take(siblings, kind, templates=False)
        rendered = self.take(siblings, kind, templates=True)["properties"]
        beside["properties"] |= {key: rendered[key] for key in _RENDERED if key in rendered}
        return {
            "type": "object",
            "description": beside.get("description", ""),
            "properties": properties | beside["properties"],
            "additionalProperties": False,
            "oneOf": [{"required": [name]} for name in models],
            "x-entry-of": kind,
        }


def _adapt(schema: Schema, templates: bool, *, alone: bool = False) -> Schema:
    """Pydantic's schema in the language's form: no titles, null folded in, templates allowed.

    alone: a definition, or a branch of a union, in whose place the user of it allows a template.
    """
    if schema.get("x-template") == "whole":
        return {"$ref": "#/$defs/whole_template"}
    if schema.get("x-entry-of") and len(schema) == 1:
        return {"$ref": f"#/$defs/{schema['x-entry-of']}"}
    outer = {key: schema[key] for key in _ANNOTATIONS if key in schema}
    if "description" in outer:
        outer["description"] = outer["description"].replace("``", "`")
    if outer.get("default", "") in (None, [], {}, ""):
        outer.pop("default", None)
    inner = {key: value for key, value in schema.items() if key not in (*_ANNOTATIONS, "title")}
    for key, adapt in _INSIDE.items():
        if key in inner:
            inner[key] = adapt(inner[key], templates)
    inner = _fold_null(inner)
    if templates and not alone and (extra := _template_for(inner)):
        branches = inner.pop("anyOf", None) or [inner]
        outer_keys = {} if branches[0] is inner else inner
        inner = {**outer_keys, "anyOf": [*branches, {"$ref": f"#/$defs/{extra}"}]}
    return outer | inner


def _one(schema: Any, templates: bool) -> Any:
    return _adapt(schema, templates) if isinstance(schema, dict) else schema


def _named(schemas: Schema, templates: bool) -> Schema:
    return {name: _one(schema, templates) for name, schema in schemas.items()}


_INSIDE: dict[str, Callable[[Any, bool], Any]] = {
    "properties": _named,
    "patternProperties": _named,
    "additionalProperties": _one,
    "items": _one,
    "anyOf": lambda branches, templates: [_adapt(each, templates, alone=True) for each in branches],
}


def _fold_null(schema: Schema) -> Schema:
    """``anyOf: [X, null]`` as ``type: [X, null]`` where X has a type: simpler to read and check."""
    branches = schema.get("anyOf")
    if not branches or len(branches) != 2 or branches[1] != {"type": "null"}:
        return schema
    first = branches[0]
    if "type" not in first or "const" in first:
        return schema
    types = first["type"] if isinstance(first["type"], list) else [first["type"]]
    folded = {
        **{k: v for k, v in schema.items() if k != "anyOf"},
        **first,
        "type": [*types, "null"],
    }
    if "enum" in first:
        folded["enum"] = [*first["enum"], None]
    return folded


def _template_for(schema: Schema) -> str | None:
    """Which template may stand in place of what a schema asks for; None when text is allowed anyway."""
    branches = schema.get("anyOf", [schema])
    if any(_takes_text(branch) for branch in branches) or not any(
        "type" in branch or "$ref" in branch or "enum" in branch or "const" in branch
        for branch in branches
    ):
        return None
    scalar = any(
        set(_types(branch)) & {"string", "integer", "number", "boolean"} for branch in branches
    )
    return "template" if scalar else "whole_template"


def _takes_text(schema: Schema) -> bool:
    if "$ref" in schema:
        return str(schema["$ref"]).endswith("template")
    return "string" in _types(schema) and not _CONSTRAINTS & set(schema)


def _types(schema: Schema) -> list[str]:
    types = schema.get("type", [])
    return [types] if isinstance(types, str) else list(types)


def _reachable(schema: Any, defs: Mapping[str, Schema]) -> set[str]:
    """Names of the definitions that a schema uses, directly or through others."""
    found: set[str] = set()
    waiting: list[Any] = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            name = str(part.get("$ref", "")).removeprefix("#/$defs/")
            if name in defs and name not in found:
                found.add(name)
                waiting.append(defs[name])
            waiting += part.values()
    return found
