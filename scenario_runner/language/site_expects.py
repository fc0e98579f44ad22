"""What is known of a PACS written into its site file, with why, and every comment of a person kept."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import Final

import yaml

from scenario_runner.errors import UsageError
from scenario_runner.language.site_text import (
    TARGETS,
    by_hand,
    composed,
    end_of,
    is_null,
    node_at,
    own_pair,
    scalar_text,
)

Value = bool | str | Sequence[str]
EXPECTS: Final = "expects"
MARK: Final = "# learned: "
"""What a line begins with that says why a value is what it is; the next time it is replaced."""
_WIDTH: Final = 100
_OURS: Final = re.compile(r"[ \t]*# learned: [^\n]*\n")
_COMMENT: Final = re.compile(r"(?m)(?:^|(?<=[ \t]))#[^\n]*")


def declared(text: str, target: str, key: str) -> Value | None:
    """What a target's ``expects`` says for a key; None where it says nothing, or no plain value."""
    node = node_at(composed(text), (TARGETS, target, EXPECTS, key))
    if isinstance(node, yaml.SequenceNode):
        return [str(one.value) for one in node.value if isinstance(one, yaml.ScalarNode)]
    if not isinstance(node, yaml.ScalarNode) or is_null(node):
        return None
    return node.value == "true" if node.tag == "tag:yaml.org,2002:bool" else str(node.value)


def declare(text: str, target: str, key: str, value: Value, why: Sequence[str]) -> str:
    """The text with a value under ``expects`` of a target, and why above it.

    What is as it was is left alone, with all that stands beside it. Raises UsageError for a target that is not
    there, and for what is written in a way that cannot be changed like this.
    """
    if declared(text, target, key) == value:
        return text
    node = composed(text)
    for name in (TARGETS, target):
        pair = own_pair(text, node, name, target)
        if pair is None:
            raise UsageError(f"the site file has no target '{target}'")
        node = pair[1]
    changed = _declared(text, node, target, key, value, why)
    if declared(changed, target, key) != value:  # such as a comment at the end of {…}
        raise by_hand(f"{target}.{EXPECTS}")
    return changed


def _declared(
    text: str, node: yaml.Node | None, target: str, key: str, value: Value, why: Sequence[str]
) -> str:
    pair = own_pair(text, node, EXPECTS, target)
    if pair is None:
        assert isinstance(node, yaml.MappingNode)
        return _added(text, node, [EXPECTS, key], value, why)
    expects = pair[1]
    entry = own_pair(text, expects, key, target)
    assert isinstance(expects, yaml.MappingNode)
    if entry is None:
        return _added(text, expects, [key], value, why)
    return _replaced(text, *entry, value, [] if expects.flow_style else why)


def _added(
    text: str, parent: yaml.MappingNode, path: Sequence[str], value: Value, why: Sequence[str]
) -> str:
    """With a new entry at the end of a mapping: the value itself, or a mapping that has it."""
    if parent.flow_style or not parent.value:
        entry = f"{path[-1]}: {_written(value, None)}"
        if len(path) > 1:
            entry = f"{path[0]}: {{{entry}}}"
        close = parent.end_mark.index - 1
        return text[:close].rstrip() + (", " if parent.value else "") + entry + text[close:]
    indent = parent.value[0][0].start_mark.column
    lines = [f"{' ' * indent}{path[0]}:"] if len(path) > 1 else []
    indent += 2 * (len(path) - 1)
    lines += _lines(why, indent)
    lines.append(f"{' ' * indent}{path[-1]}: {_written(value, indent)}")
    break_ = "\r\n" if "\r\n" in text else "\n"
    end = text.find("\n", end_of(parent))
    end = len(text) if end < 0 else end - (text[end - 1] == "\r")
    return text[:end] + break_ + break_.join(lines).replace("\n", break_) + (text[end:] or break_)


def _replaced(text: str, name: yaml.Node, node: yaml.Node, value: Value, why: Sequence[str]) -> str:
    """With another value in its place; comments between the items of a list go above it."""
    indent = name.start_mark.column
    begin, end = name.end_mark.index, end_of(node)
    colon = text.index(":", begin) + 1
    line = text.rfind("\n", 0, name.start_mark.index) + 1
    head = text[:line]
    while (last := head.rfind("\n", 0, len(head) - 1) + 1) < len(head) and _OURS.fullmatch(
        head[last:]
    ):
        head = head[:last]
    kept = [one.rstrip() for one in _COMMENT.findall(text[colon:end])]
    above = [*_lines(why, indent), *(" " * indent + one for one in kept)]
    written = f"{text[line:colon]} {_written(value, indent)}"
    return head + "".join(f"{one}\n" for one in above) + written + text[end:]


def _lines(why: Sequence[str], indent: int) -> list[str]:
    return [f"{' ' * indent}{MARK}{' '.join(one.split())}" for one in why]


def _written(value: Value, indent: int | None) -> str:
    """A value as YAML; indent: of its key, where a long list may take several lines."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return scalar_text(value)
    text = f"[{', '.join(map(scalar_text, value))}]"
    if indent is None or len(text) < _WIDTH - indent:
        return text
    inner = " " * (indent + 2)
    items = textwrap.fill(
        ", ".join(map(scalar_text, value)),
        _WIDTH,
        initial_indent=inner,
        subsequent_indent=inner,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return f"[\n{items}\n{' ' * indent}]"
