"""What is not wrong with a file and probably not meant: warnings, each with a code of its own.

Whoever means it says so in place, by a comment: ``# fabricate: ignore FAB905`` at the end of the line, or on a
line of its own before it; ``# fabricate: ignore-file FAB903`` anywhere goes for the whole file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from scenario_runner.errors import MOST_DIAGNOSTICS, Diagnostic, in_file_order
from scenario_runner.language.document_kinds import SCENARIO, SITE, STEPS
from scenario_runner.language.lint_files import missing_files
from scenario_runner.language.lint_flow import idle_exclusions, unproved, unreachable
from scenario_runner.language.lint_folders import named_as_targets
from scenario_runner.language.lint_ignored import ignored
from scenario_runner.language.lint_keys import keys_below
from scenario_runner.language.lint_levels import parted
from scenario_runner.language.lint_values import ambiguous, secrets
from scenario_runner.language.schema import scenario_schema, site_schema, steps_schema
from scenario_runner.language.schema_marks import Mark, marks
from scenario_runner.language.templates import values

if TYPE_CHECKING:
    from scenario_runner.hooks import Offered
    from scenario_runner.language.document import Document
    from scenario_runner.origins import Path

_SCHEMAS = {SCENARIO: scenario_schema, SITE: site_schema, STEPS: steps_schema}
_ANCHOR = re.compile(r"\s*:\s*(?:!\S*\s+)?&")
_DECLARED = {SCENARIO: "vars", STEPS: "parameters"}
_CALLED = {SCENARIO: "vars", STEPS: "params"}


def lint(
    document: Document,
    plugins: Offered,
    whole: Document | None = None,
    targets: Collection[str] = (),
) -> list[Diagnostic]:
    """The warnings about a file, in its order, without those that it says are meant.

    The structure may be wrong: what is not where it should be is passed over. whole: the document with
    its uses spelled out, where that is known; steps that come from other files are theirs to warn of. targets:
    the names of those of the site.
    """
    data = document.data
    if not isinstance(data, dict):
        return []
    kind = data.get("schema")
    found = [*ambiguous(document), *secrets(document)]
    if isinstance(kind, str) and kind in _SCHEMAS:
        marked = marks(_schema(kind, plugins), data)
        found += _deprecated(document, marked)
        if kind in _DECLARED:
            found += _unused(document, whole or document, kind)
            found += unreachable(document, marked)
            found += keys_below(document)
            found += named_as_targets(document, marked, plugins, targets)
        if kind == SITE:
            found += missing_files(document)
        if kind == SCENARIO and "scenario" not in data:
            found += idle_exclusions(document)
            found += parted(document)
            found += unproved(document, whole or document, _schema(kind, plugins))
    told = ignored(document.text)
    return in_file_order(one for one in found if not told(one))[:MOST_DIAGNOSTICS]


@lru_cache(maxsize=12)
def _schema(kind: str, plugins: Offered) -> Mapping[str, Any]:
    return _SCHEMAS[kind](plugins)


def _deprecated(document: Document, marked: list[Mark]) -> Iterator[Diagnostic]:
    for mark in marked:
        if mark.kind == "deprecated" and mark.what:
            advice = mark.what if isinstance(mark.what, str) else None
            yield _warning(
                document, "FAB906", mark.path, f"'{mark.path[-1]}' is deprecated", advice
            )


def _unused(document: Document, whole: Document, kind: str) -> Iterator[Diagnostic]:
    """Variables of a scenario, or parameters of a step list, that no template names."""
    declared = document.data.get(_DECLARED[kind])
    if not isinstance(declared, dict) or not declared:
        return
    called = _CALLED[kind]
    names, all_of_them = _named(called, document.data, whole.data)
    if all_of_them:
        return
    for name in declared:
        if name not in names and not _has_anchor(document, (_DECLARED[kind], name)):
            what = "variable" if kind == SCENARIO else "parameter"
            hint = f"take it out, or use it: {{{{ {called}.{name} }}}}"
            path = (_DECLARED[kind], name)
            yield _warning(document, "FAB901", path, f"the {what} '{name}' is not used", hint)


def _has_anchor(document: Document, path: Path) -> bool:
    """Whether the value of a key can be repeated by an alias."""
    node = document.root
    for part in path[:-1]:
        node = node.members[part].node
    member = node.members.get(path[-1])
    return member is not None and bool(
        _ANCHOR.match(document.text[member.key[1] : member.value[1]])
    )


def _named(called: str, *trees: Any) -> tuple[set[str], bool]:
    """The names that are read of a mapping, and whether it is read as a whole, or by names unknown here."""
    pattern = _reading(called)
    names: set[str] = set()
    for tree in trees:
        for text in values(tree):
            if not isinstance(text, str) or called not in text:
                continue
            for match in pattern.finditer(text):
                name = match[1] or match[2] or match[3]
                if name is None:
                    if "{{" in text or match[4]:
                        return names, True
                    continue
                names.add(name)
    return names, False


@lru_cache(maxsize=4)
def _reading(called: str) -> re.Pattern[str]:
    return re.compile(
        rf"""(?<![.\w]){called}\b\s*(?:\.\s*(\w+)|\[\s*(?:'([^']*)'|"([^"]*)")\s*\]|(\[)|(?![.\w]))"""
    )


def _warning(
    document: Document, code: str, path: Path, message: str, hint: str | None = None
) -> Diagnostic:
    return Diagnostic(code, document.where(path, key=True), message, hint, "warning")
