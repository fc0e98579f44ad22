"""A page about a library, in Markdown: what it is, and what its step lists and scenarios take."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from scenario_runner.errors import InvalidInput
from scenario_runner.language.loader import load_document
from scenario_runner.language.step_lists import step_list
from scenario_runner.libraries.library import Library
from scenario_runner.plugins import Plugins


def library_page(library: Library, plugins: Plugins) -> str:
    """The page. Raises InvalidInput for a file that cannot be read."""
    return "\n".join(_lines(library, plugins)).rstrip("\n") + "\n"


def _lines(library: Library, plugins: Plugins) -> Iterator[str]:
    header = library.header
    yield from (f"# {library.name} {library.version}", "")
    for text in (header.title, header.description):
        if text:
            yield from (text, "")
    if header.license:
        yield from (f"Licence: {header.license}.", "")
    needs = [f"{name} {text}" for name, text in header.requires.libraries.items()]
    if header.requires.fabricate:
        needs.insert(0, f"fabricate {header.requires.fabricate}")
    if needs:
        yield from (f"Needs {', '.join(needs)}.", "")
    if library.step_lists:
        yield from ("## Step lists", "")
    for name in library.step_lists:
        yield from _list(library, name, plugins)
    if library.scenarios:
        yield from (
            "## Scenarios",
            "",
            "| scenario | title | tags | variables |",
            "|---|---|---|---|",
        )
        for name, file in library.scenarios.items():
            data = load_document(file).data
            data = data if isinstance(data, dict) else {}
            tags = ", ".join(map(str, data.get("tags") or ()))
            variables = ", ".join(data.get("vars") or ())
            yield f"| `{name}` | {_cell(data.get('title', ''))} | {_cell(tags)} | {_cell(variables)} |"
        yield ""


def _list(library: Library, name: str, plugins: Plugins) -> Iterator[str]:
    listed = step_list(load_document(library.step_lists[name]), plugins)
    if listed.found:
        raise InvalidInput(listed.found)
    header = listed.header
    yield from (f"### {name}", "")
    for text in (header.title, header.description):
        if text:
            yield from (text, "")
    if header.parameters:
        yield from ("| parameter | type | default | what it is |", "|---|---|---|---|")
        for parameter, one in header.parameters.items():
            kind: str = one.type
            if one.one_of:
                kind += ": " + ", ".join(f"`{_value(value)}`" for value in one.one_of)
            default = "required" if one.is_required else f"`{_value(one.default)}`"
            yield f"| `{parameter}` | {_cell(kind)} | {_cell(default)} | {_cell(one.description)} |"
        yield ""
    given = {key: f"<{key}>" for key, one in header.parameters.items() if one.is_required}
    shown = ", ".join(f"{key}: {value}" for key, value in given.items())
    major = library.version.major
    asked = f"^{major}.{library.version.minor}" if major else f"^{library.version}"
    beside = f", with: {{{shown}}}" if shown else ""
    yield from ("```text", f"- use: {{steps: {library.name}/{name}@{asked}{beside}}}", "```", "")


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _cell(text: Any) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")
