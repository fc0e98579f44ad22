"""Each fact of the Standard stands once: whoever writes one down again is told where it lives."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

import scenario_runner
from scenario_runner.dicom import element_heads, levels, statuses, vrs
from scenario_runner.dicom.body_parts import BODY_PARTS, is_paired

ROOT = Path(scenario_runner.__file__).parent
_MOST = {ast.Set: 3, ast.List: 3, ast.Tuple: 3, ast.Dict: 4}
"""VRs that may stand together: some rules are about two or three."""
_UID = re.compile(r"1\.2\.840\.10008(\.\d+)*\.?")
_HEAD = re.compile(r"[<>=!@]?HH(2s)?[HIL]+")
_ITEMS = {
    element_heads.ITEM,
    element_heads.ITEM_END,
    element_heads.SEQUENCE_END,
    element_heads.DELIMITERS,
}
_STATUSES = {
    number
    for number in vars(statuses).values()
    if isinstance(number, int) and number >= statuses.OUT_OF_RESOURCES
}


@cache
def trees() -> dict[str, ast.Module]:
    """Every module of the package, by its path."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8"))
        for path in ROOT.rglob("*.py")
    }


def _strings(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str | bytes):
            yield inner.value if isinstance(inner.value, str) else inner.value.decode("latin-1")


def _documentation(tree: ast.AST) -> set[ast.AST]:
    """Strings that nobody reads at run time."""
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def _facts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    documentation = _documentation(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node not in documentation:
            yield from ((node.lineno, text) for text in _strings(node))


def _sets_of_vrs(tree: ast.AST) -> Iterator[int]:
    """Collections that are made of VRs: a set, list or tuple of them, or a text of several."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Set | ast.List | ast.Tuple):
            members = node.elts
        elif isinstance(node, ast.Dict):
            values = [one.value if isinstance(one, ast.Constant) else None for one in node.values]
            if not all(isinstance(one, int) or len(str(one)) == 1 for one in values):
                continue  # what is done about a VR, not a size, a limit or a code of the Standard
            members = [key for key in node.keys if key is not None]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = node.value.split()
            if len(words) > 3 and vrs.ALL.issuperset(words):
                yield node.lineno
            continue
        else:
            continue
        texts = [text for member in members for text in _strings(member)]
        plain = len(texts) == len(members) and all(isinstance(one, ast.Constant) for one in members)
        if plain and len(texts) > _MOST[type(node)] and vrs.ALL.issuperset(texts):
            yield node.lineno


def _transfer_syntaxes(tree: ast.AST) -> Iterator[int]:
    for line, text in _facts(tree):
        if _UID.fullmatch(text) and re.match(r"1\.2\.840\.10008\.1\.2(\.|$)", text):
            yield line


def _sop_classes(tree: ast.AST) -> Iterator[int]:
    for line, text in _facts(tree):
        if _UID.fullmatch(text) and not re.match(r"1\.2\.840\.10008\.1\.2(\.|$)", text):
            yield line


def _unique_keys(tree: ast.AST) -> Iterator[int]:
    """UIDs of the hierarchy from one level to the next, or as what levels are mapped to."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            members = node.values
        elif isinstance(node, ast.Set | ast.List | ast.Tuple):
            members = node.elts
        else:
            continue
        texts = [one.value if isinstance(one, ast.Constant) else None for one in members]
        if any(pair in itertools.pairwise(texts) for pair in itertools.pairwise(levels.UIDS)):
            yield node.lineno


def _sides(tree: ast.AST) -> Iterator[int]:
    """Lists of body parts in which there are some that a person has two of."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Set | ast.List | ast.Tuple):
            members = [text for member in node.elts for text in _strings(member)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            members = node.value.split()
        else:
            continue
        if len(members) > 3 and BODY_PARTS.keys() >= set(members) and any(map(is_paired, members)):
            yield node.lineno


def _heads(tree: ast.AST) -> Iterator[int]:
    """Formats of ``struct`` for the head of an element or item, and tags of items as two numbers."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if _HEAD.fullmatch(node.value):
                yield node.lineno
        elif isinstance(node, ast.Constant) and node.value in _ITEMS:
            yield node.lineno


def _statuses(tree: ast.AST) -> Iterator[int]:
    """DIMSE statuses as numbers: those that nothing else is, and any that a status is set to or held to."""
    masks = {
        node.right
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value in _STATUSES and node not in masks:
            yield node.lineno
        elif isinstance(node, ast.keyword) and node.arg == "status":
            yield from (node.value.lineno for _ in [1] if _is_status(node.value))
        elif isinstance(node, ast.Compare) and ast.unparse(node.left).endswith("status"):
            yield from (one.lineno for one in node.comparators if _is_status(one))


def _is_status(node: ast.AST) -> bool:
    """Whether it is a number that is a DIMSE status and none of HTTP."""
    return (
        isinstance(node, ast.Constant)
        and type(node.value) is int
        and not 200 <= node.value < 600
        and node.value not in _STATUSES
    )


@pytest.mark.parametrize(
    ("found_in", "homes"),
    [
        (_sets_of_vrs, {"dicom/vrs.py", "dicom/forms.py"}),
        (_transfer_syntaxes, {"dicom/syntaxes.py"}),
        (_sop_classes, {"dicom/sop_classes.py"}),
        (_unique_keys, {"dicom/levels.py"}),
        (_sides, {"dicom/body_parts.py"}),
        (_heads, {"dicom/element_heads.py"}),
        (_statuses, {"dicom/statuses.py"}),
    ],
)
def test_a_fact_of_the_standard_stands_once(
    found_in: Callable[[ast.AST], Iterator[int]], homes: set[str]
) -> None:
    places = {
        f"{path}:{line}"
        for path, tree in trees().items()
        if path not in homes
        for line in found_in(tree)
    }
    assert places == set(), f"say it with what is in {min(homes)}"


@pytest.mark.parametrize(
    ("found_in", "source"),
    [
        (_sets_of_vrs, 'B = {"OB", "OW", "OF", "UN"}'),
        (_sets_of_vrs, 'B = dict(x={"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f"})'),
        (_sets_of_vrs, 'B = "OB OD OF OL".split()'),
        (_transfer_syntaxes, 'X = "1.2.840.10008.1.2.1"'),
        (_transfer_syntaxes, 'X = b"1.2.840.10008.1.2"'),
        (_sop_classes, 'X = "1.2.840.10008.5.1.4.1.1."'),
        (_sides, 'X = {"HAND", "FOOT", "EAR", "EYE"}'),
        (_sides, 'X = "HAND FOOT EAR EYE".split()'),
        (_heads, 'X = struct.pack("<HHI", group, element, length)'),
        (_heads, 'X = struct.Struct(order + "HH2sHL")'),
        (_heads, "X = 0xFFFEE00D"),
        (_statuses, "X = 0xA900"),
        (_statuses, "X = answer.status == 0"),
        (_statuses, "X = Echo(status=0x0000)"),
        (_unique_keys, 'X = ("StudyInstanceUID", "SeriesInstanceUID")'),
        (_unique_keys, 'X = {"a": "StudyInstanceUID", "b": "SeriesInstanceUID"}'),
    ],
)
def test_a_second_definition_is_found(
    found_in: Callable[[ast.AST], Iterator[int]], source: str
) -> None:
    assert list(found_in(ast.parse(source))) == [1]
    assert list(found_in(ast.parse("'''OB OD OF OL, 1.2.840.10008.1.2'''"))) == []
