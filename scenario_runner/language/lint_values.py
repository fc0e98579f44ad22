"""Warnings about values: text that other readers of YAML take for something else, secrets that anybody can read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scenario_runner.errors import Diagnostic
from scenario_runner.language.credentials import is_credential
from scenario_runner.language.rendering import lines_of
from scenario_runner.language.templates import is_template

if TYPE_CHECKING:
    from scenario_runner.language.document import Document, Node
    from scenario_runner.origins import Path

_LONGEST = 40
_OTHERWISE = (
    (re.compile(r"(?i)yes|no|on|off"), "true or false"),
    (re.compile(r"[-+]?\d+(?::[0-5]?\d)+(?:\.\d*)?"), "a number to the base of 60"),
    (re.compile(r"[-+]?0[0-7_]+"), "an octal number"),
    (re.compile(r"[-+]?0\d+"), "a number without its zero"),
    (re.compile(r"[-+]?0(?:x[0-9a-fA-F_]+|o[0-7]+|b[01_]+)"), "a number"),
    (re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)[eE][-+]?\d+"), "a number with an exponent"),
    (re.compile(r"[-+]?\d[\d_]*_[\d_]*"), "a number"),
    (re.compile(r"\+\d+(?:\.\d*)?|[-+]?\.\d+|[-+]?\d+\."), "a number"),
    (re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"), "a number"),
)
"""Plain scalars that are text here and something else by YAML 1.1 or 1.2."""
_BEGIN = frozenset("yYnNoO+-.0123456789")
"""What each of them begins with."""
_IN_A_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@{]+@", re.IGNORECASE)


def ambiguous(document: Document) -> Iterator[Diagnostic]:
    """Text without quotes that editors and other programs read as a number or as true and false."""
    for path, node, text in _plain(document):
        if text[0] not in _BEGIN:
            continue
        meaning = next((what for form, what in _OTHERWISE if form.fullmatch(text)), None)
        if meaning is not None:
            yield Diagnostic(
                "FAB905",
                document.span((node.start, node.end), path),
                f"{text} is text here, and {meaning} to other readers of YAML",
                f"write it in quotes: '{text}'",
                "warning",
            )


def _plain(document: Document) -> Iterator[tuple[Path, Node, str]]:
    """Scalars without quotes that are text, where they are written."""
    waiting: list[tuple[Path, Node]] = [((), document.root)]
    while waiting:
        path, node = waiting.pop()
        for key, member in node.members.items():
            inner = member.node
            if inner.members:
                waiting.append(((*path, key), inner))
            elif (
                isinstance(inner.data, str)
                and 0 < len(inner.data) <= _LONGEST
                and document.text[inner.end - 1 : inner.end] not in ("'", '"')
                and document.text[inner.start : inner.start + 1] not in ("|", ">", "!")
            ):
                yield (*path, key), inner, inner.data


def secrets(document: Document) -> Iterator[Diagnostic]:
    """Passwords and the like that stand in the file itself."""
    waiting: list[tuple[Path, Any, bool]] = [((), document.data, False)]
    while waiting:
        path, tree, named = waiting.pop()
        if isinstance(tree, dict):
            for key, value in tree.items():
                told = key != "headers" and is_credential(key)
                waiting.append(((*path, key), value, named or told))
        elif isinstance(tree, list):
            waiting += [((*path, place), value, named) for place, value in enumerate(tree)]
        elif (
            isinstance(tree, str) and tree and (named or ("://" in tree and _IN_A_URL.search(tree)))
        ):
            if is_template(tree):
                continue
            hint = 'take it from the environment, in the site file: "{{ env.NAME }}"'
            where = document.where(path)
            line = lines_of(document.text)[where.line - 1]
            shown = replace(where, text=line.replace(tree, "*" * len(tree)))
            message = f"a secret stands in the file: '{path[-1]}'"
            yield Diagnostic("FAB904", shown, message, hint, "warning")
