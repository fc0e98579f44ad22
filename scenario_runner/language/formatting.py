"""A file in the house's form: order of the top keys, indentation, quotes; comments stay, and so does what it says.

Values are kept as they are written: no line is broken, no quote taken away, what is in flow style stays so. What is
formatted is read again, and is refused where it is not the same to the last value and comment.
"""

from __future__ import annotations

import re
from io import StringIO
from typing import TYPE_CHECKING, Any

from scenario_runner.errors import InvalidInput
from scenario_runner.fields.scalars import WrittenFloat
from scenario_runner.language.loader import parse_document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ORDER = (
    "schema", "name", "title", "description", "version", "license", "requires", "scenario", "with", "tags",
    "requirements", "phase", "seed", "skip", "defaults", "parameters", "vars", "matrix", "rows", "load", "ae_title",
    "identifiers", "receiver", "libraries", "plugins", "targets", "patients", "setup", "steps", "finally",
)  # fmt: skip
_RANK = {key: place for place, key in enumerate(_ORDER)}
_WIDEST = 1_000_000
"""No line is broken."""
_KEY = re.compile(r"""["']?([A-Za-z_][\w-]*)["']?[ \t]*:(?:[ \t\n]|$)""")
_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#[^\n]*", re.MULTILINE)


class NotFormatted(Exception):
    """A file that could not be formatted without changing what it says; it is to be left as it is."""


def formatted(text: str, file: str) -> str:
    """The text in the house's form. file: its name in diagnostics.

    Raises InvalidInput for text that is no document, NotFormatted for one that has to stay as it is.
    """
    before = parse_document(text, file)
    whole = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    for form in _FORMS:
        made = form(whole)
        if (
            made is not None
            and _says_the_same(before.data, whole, made, file)
            and form(made) == made
        ):
            return made
    raise NotFormatted(
        f"{file} cannot be formatted without changing what it says; it is left as it is"
    )


def _says_the_same(before: Any, text: str, made: str, file: str) -> bool:
    """Whether the values are the same, with their types and characters, and the comments all there."""
    try:
        after = parse_document(made, file).data
    except InvalidInput:
        return False
    same = list(_values(before)) == list(_values(after))
    return same and sorted(_comments(text)) == sorted(_comments(made))


def _values(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every value with its path and type; keys of the top in order of name, for they may change places."""
    if isinstance(tree, dict):
        yield (*path, "mapping", len(tree))
        for key in sorted(tree) if not path else tree:
            yield from _values(tree[key], (*path, key))
    elif isinstance(tree, list):
        yield (*path, "list", len(tree))
        for place, item in enumerate(tree):
            yield from _values(item, (*path, place))
    else:
        written = tree.source if isinstance(tree, WrittenFloat) else tree
        yield (*path, type(tree).__name__, written)


def _comments(text: str) -> list[str]:
    return [match[0].rstrip() for match in _COMMENT.finditer(text)]


def _ordered(text: str) -> str:
    """The top keys in the usual order, each with the comments right above it; others keep their places at the end."""
    blocks: list[tuple[int, list[str]]] = []
    head: list[str] = []
    waiting: list[str] = []
    for line in text.splitlines(keepends=True):
        match = _KEY.match(line)
        if match is not None:
            rank = _RANK.get(match[1], len(_ORDER))
            rank = _RANK["vars"] if match[1].startswith("x-") else rank
            blocks.append((rank, [*(waiting if blocks else []), line]))
            if len(blocks) == 1:
                head = waiting
            waiting = []
        elif line.startswith("#") or not line.strip():
            waiting.append(line)
        elif blocks:
            blocks[-1][1].extend([*waiting, line])
            waiting = []
        else:
            return text  # it begins with something that is no key
    if not blocks or blocks[0][1][0].startswith(("-", "{", "[")):
        return text
    ended = [[*block[:-1], block[-1].rstrip("\n") + "\n"] for _, block in blocks]
    ranked = sorted(zip((rank for rank, _ in blocks), ended, strict=True), key=lambda one: one[0])
    return "".join([*head, *(line for _, block in ranked for line in block), *waiting])


def _trimmed(text: str) -> str:
    """Without blanks at the ends of lines and empty lines at the end."""
    return _ended("\n".join(line.rstrip() for line in text.split("\n")))


def _ended(text: str) -> str:
    return text.rstrip() + "\n"


def _laid_out(text: str) -> str | None:
    """Indented by two, list items two more than their key, quotes double where that changes nothing."""
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.emitter import RoundTripEmitter
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.representer import RoundTripRepresenter
    from ruamel.yaml.resolver import VersionedResolver

    class AsWritten(VersionedResolver):
        """Every plain scalar is text, which is written as it was."""

        def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
            if isinstance(value, str) and implicit[0]:
                return self.DEFAULT_SCALAR_TAG
            return super().resolve(kind, value, implicit)

    class Representer(RoundTripRepresenter):
        """Knows which mappings have braces that could be left out."""

        def represent_sequence(self, tag: Any, sequence: Any, flow_style: Any = None) -> Any:
            node = super().represent_sequence(tag, sequence, flow_style)
            if node.flow_style:
                for item, child in zip(sequence, node.value, strict=True):
                    if isinstance(item, CommentedMap) and _has_braces(item):
                        child.flow_style = _BRACED
            return node

    class Emitter(RoundTripEmitter):
        """Leaves no braces out that were written."""

        def expect_flow_mapping(self, single: Any = False, force_flow_indent: Any = False) -> None:
            single = single and self.event.flow_style != _BRACED
            super().expect_flow_mapping(single, force_flow_indent)

    yaml = YAML(typ="rt")
    yaml.Resolver = AsWritten
    yaml.Representer = Representer
    yaml.Emitter = Emitter
    yaml.preserve_quotes = True
    yaml.width = _WIDEST
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    try:
        tree = yaml.load(text)
        _quote(tree)
        yaml.dump(tree, out)
    except (YAMLError, ValueError, AttributeError, TypeError, RecursionError):
        return None
    return out.getvalue()


_BRACED = "braced"
"""The flow style of a mapping in a list that is written [{key: value}] and not [key: value]."""


def _has_braces(mapping: Any) -> bool:
    """Whether a mapping in flow style begins before its first key."""
    first = next(iter(mapping), None)
    if first not in (mapping.lc.data or ()):
        return True  # an empty one, or one with a merge
    begins: tuple[int, int] = (mapping.lc.line, mapping.lc.col)
    return begins != tuple(mapping.lc.key(first))


def _chain(*parts: Callable[[str], str | None]) -> Callable[[str], str | None]:
    """One after the other, until one has nothing to give."""

    def form(text: str) -> str | None:
        made: str | None = text
        for part in parts:
            made = None if made is None else part(made)
        return made

    return form


_FORMS = (
    _chain(_ordered, _laid_out, _trimmed),
    _chain(_laid_out, _trimmed),
    # Blanks at the end of a line of a block scalar belong to it.
    _chain(_ordered, _laid_out, _ended),
    _chain(_laid_out, _ended),
    # Comments within flow style have no place in what is laid out anew.
    _chain(_ordered, _trimmed),
    _chain(_ordered, _ended),
)
"""From the whole form to less and less of it; the first that changes nothing of what a file says is taken."""


def _quote(tree: Any) -> None:
    """Double quotes instead of single ones, where nothing needs an escape by it."""
    from ruamel.yaml.comments import CommentedBase
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString, SingleQuotedScalarString

    waiting = [tree]
    while waiting:
        one = waiting.pop()
        if isinstance(one, CommentedBase) and one.anchor.value is not None:
            one.yaml_set_anchor(one.anchor.value, always_dump=True)
        members = one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else ()  # fmt: skip
        for key, value in list(members):
            if isinstance(value, SingleQuotedScalarString) and not re.search(r'["\\\n]', value):
                anchor = getattr(value, "anchor", None)
                if anchor is None or anchor.value is None:
                    one[key] = DoubleQuotedScalarString(value)
            elif isinstance(value, dict | list):
                waiting.append(value)
