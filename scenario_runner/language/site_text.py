"""A site file changed where a person changes it: one value at a time, every other character stays as it is.

The text is parsed only to find where a value stands (YAML 1.2, 3.2.3: a node has its place in the text), so comments,
order and quotes are kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

import yaml

from scenario_runner.errors import UsageError

FIELDS: Final = (
    "environment",
    "dicom.host",
    "dicom.port",
    "dicom.ae_title",
    "dicom.calling_ae_title",
    "dicomweb.url",
    "orthanc.url",
    "fhir.url",
    "hl7.host",
    "hl7.port",
)
"""What of a target is changed this way; whatever else it has stays."""
TARGETS: Final = "targets"
"""The key of the targets in a site file."""
_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def written(text: str, target: str) -> dict[str, str]:
    """The fields of a target as they are written, templates and all. Raises UsageError for a target that is none."""
    root = composed(text)
    if node_at(root, (TARGETS, target)) is None:
        raise UsageError(f"the site file has no target '{target}'")
    told = {}
    for name in FIELDS:
        node = node_at(root, (TARGETS, target, *name.split(".")))
        if isinstance(node, yaml.ScalarNode):
            told[name] = str(node.value)
    return told


def targets(text: str) -> list[str]:
    """The names of the targets, in order."""
    node = node_at(composed(text), (TARGETS,))
    return [str(key.value) for key, _ in node.value] if isinstance(node, yaml.MappingNode) else []


def changed(text: str, target: str, values: Mapping[str, str]) -> str:
    """The text with these values of a target, which is made where it is not there.

    values: by ``FIELDS``; one that is empty is left alone. Raises UsageError for what is written in a way that cannot
    be changed like this.
    """
    for name in FIELDS:
        value = values.get(name, "")
        if value:
            text = _put(text, (TARGETS, target, *name.split(".")), value)
    return text


def without(text: str, target: str) -> str:
    """The text without a target. Raises UsageError."""
    parent = node_at(composed(text), (TARGETS,))
    if not isinstance(parent, yaml.MappingNode):
        raise UsageError(f"the site file has no target '{target}'")
    pair = next((one for one in parent.value if one[0].value == target), None)
    if pair is None:
        raise UsageError(f"the site file has no target '{target}'")
    key, node = pair
    begin = text.rfind("\n", 0, key.start_mark.index) + 1
    if parent.flow_style or text[begin : key.start_mark.index].strip():
        raise by_hand(target)
    end = text.find("\n", end_of(node))
    rest = text[end + 1 :] if end >= 0 else ""
    if len(parent.value) > 1:
        return text[:begin] + rest
    # A key without a value would be null, which is no mapping.
    owner = text.rfind(":", 0, begin)
    return text[: owner + 1] + " {}" + text[owner + 1 : begin] + rest


def own_pair(
    text: str, node: yaml.Node | None, key: str, name: str
) -> tuple[yaml.Node, yaml.Node] | None:
    """An entry of a mapping, which nothing else in the text has a share in; None where there is none.

    name: of the target. Raises UsageError for what an alias or an anchor gives to others, too.
    """
    if not isinstance(node, yaml.MappingNode):
        raise by_hand(name)
    pair = next((one for one in node.value if one[0].value == key), None)
    if pair is not None:
        begins, ends = pair[0].end_mark.index, pair[1].start_mark.index
        # Where a node has an anchor or a tag it begins with that.
        if ends < begins or text[ends : ends + 1] in ("&", "!") or "&" in text[begins:ends]:
            raise by_hand(name)
    return pair


def _put(text: str, path: tuple[str, ...], value: str) -> str:
    node = composed(text)
    for depth, key in enumerate(path):
        pair = own_pair(text, node, key, path[1])
        if pair is None:
            assert isinstance(node, yaml.MappingNode)
            return _inserted(text, node, path[depth:], value, None)
        _, child = pair
        if is_null(child):
            assert isinstance(node, yaml.MappingNode)
            return _inserted(text, node, path[depth:], value, child)
        node = child
    if not isinstance(node, yaml.ScalarNode):
        raise by_hand(path[1])
    if str(node.value) == value:
        return text
    return text[: node.start_mark.index] + scalar_text(value) + text[node.end_mark.index :]


def _inserted(
    text: str, parent: yaml.MappingNode, path: tuple[str, ...], value: str, null: yaml.Node | None
) -> str:
    """A new entry at the end of a mapping. null: the entry's value, where it is there and has none."""
    at_top = path[0] == TARGETS
    if null is not None and not at_top:
        raise by_hand(path[0])
    if at_top:
        lines = [f"{TARGETS}:", f"  {_key(path[1])}:", f"    {_flow(path[2:], value)}"]
    elif len(path) == 3 or (len(path) == 2 and path[1] == "environment"):
        lines = [f"{_key(path[0])}:", f"  {_flow(path[1:], value)}"]
    else:
        lines = [_flow(path, value)]
    break_ = "\r\n" if "\r\n" in text else "\n"
    if null is not None:
        # targets: without anything
        return (
            text[: null.start_mark.index].rstrip(" ")
            + break_
            + break_.join(lines[1:])
            + (text[null.end_mark.index :] or break_)
        )
    if parent.flow_style:
        if len(lines) > 1 and not at_top:
            entry = f"{_key(path[0])}: {{{_flow(path[1:], value)}}}"
        elif len(lines) > 1:
            raise by_hand(path[1])
        else:
            [entry] = lines
        close = parent.end_mark.index - 1
        return text[:close].rstrip() + (", " if parent.value else "") + entry + text[close:]
    indent = " " * parent.value[0][0].start_mark.column
    end = text.find("\n", end_of(parent))
    end = len(text) if end < 0 else end
    if end and text[end - 1] == "\r":
        end -= 1
    added = break_.join(indent + line for line in lines)
    return text[:end] + break_ + added + (text[end:] or break_)


def _flow(path: tuple[str, ...], value: str) -> str:
    """``key: value``, or a service with its first value: ``dicom: {host: value}``."""
    if len(path) == 1:
        return f"{_key(path[0])}: {scalar_text(value)}"
    return f"{_key(path[0])}: {{{_key(path[1])}: {scalar_text(value)}}}"


def _key(name: str) -> str:
    return scalar_text(name)


def scalar_text(value: str) -> str:
    """A value as it is written: plain where nothing else could be meant, else in quotes (JSON is YAML)."""
    if value.isascii() and value.isdigit():
        return value
    if _PLAIN.fullmatch(value) and yaml.safe_load(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)


def end_of(node: yaml.Node) -> int:
    """Where the last thing in a node ends, comments behind it left out."""
    if isinstance(node, yaml.ScalarNode) or getattr(node, "flow_style", False):
        return int(node.end_mark.index)
    last = node.value[-1] if node.value else None
    if last is None:
        return int(node.end_mark.index)
    return end_of(last[1] if isinstance(last, tuple) else last)


def node_at(root: yaml.Node | None, path: tuple[str, ...]) -> yaml.Node | None:
    """What stands at a path of keys; None where nothing does."""
    node = root
    for key in path:
        node = _child(node, key)
        if node is None:
            return None
    return node


def _child(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def is_null(node: yaml.Node) -> bool:
    """Whether a key has no value."""
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def composed(text: str) -> yaml.Node | None:
    """The text as nodes with their places. Raises UsageError for what is no YAML."""
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise UsageError("the site file is no YAML just now; mend it by hand first") from error


def by_hand(name: str) -> UsageError:
    """What is said where a value cannot be changed without changing others."""
    return UsageError(
        f"'{name}' is written in a way that is not changed here",
        hint="change it in the site file itself",
    )
