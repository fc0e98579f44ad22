"""A piece of YAML from the documentation as the whole file it would be part of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from scenario_runner.language.site_model import Site

if TYPE_CHECKING:
    from collections.abc import Mapping

SCENARIO: Mapping[str, Any] = {
    "schema": "scenario/v1",
    "name": "snippet",
    "vars": {"images": 2},
    "matrix": {"modality": ["CT"]},
    "patients": [{"studies": [{"series": [{"modality": "CT", "images": 2, "size": [64, 64]}]}]}],
}
BEFORE = """
- echo: {to: pacs}
- hl7_send: {to: pacs, message: ORM}
  save_as: order
- worklist: {from: pacs}
  save_as: scheduled
- mpps: {to: pacs, status: in-progress}
  save_as: performed
- hl7_send: {to: pacs, message: ORU}
  save_as: report
- generate: {}
  save_as: made
- send: {to: pacs}
  save_as: sent
- query: {on: pacs, level: study}
  save_as: found
- retrieve: {from: pacs}
  save_as: back
"""
"""What stands before a snippet's steps, so that the names it uses are there."""
SITE: Mapping[str, Any] = {
    "schema": "site/v1",
    "name": "snippet",
    "targets": {"pacs": {"embedded": {}}},
}
_SITE_KEYS = {field.alias or name for name, field in Site.model_fields.items()} - {"schema", "name"}


def whole(text: str, checks: frozenset[str]) -> str:
    """The file's text: as it is, a list of steps or checks in a scenario, or keys of a file.

    checks: the names of all checks, which tell a list of checks from a list of steps.
    """
    data = yaml.safe_load(text)
    if isinstance(data, dict) and "schema" in data:
        return text
    if isinstance(data, list):
        if any(checks & entry.keys() for entry in data):
            indented = "".join(f"    {line}\n" for line in text.splitlines())
            return _scenario({}) + f"steps:{BEFORE}- assert:\n{indented}"
        return _scenario({}) + f"steps:{BEFORE}{text}"
    if set(data) <= _SITE_KEYS:
        rest = {key: value for key, value in SITE.items() if key not in data}
        return _dumped(rest) + text
    return _scenario(data) + ("" if "steps" in data else f"steps:{BEFORE}") + text


def _scenario(without: Mapping[str, Any]) -> str:
    return _dumped({key: value for key, value in SCENARIO.items() if key not in without})


def _dumped(data: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(data), sort_keys=False)
