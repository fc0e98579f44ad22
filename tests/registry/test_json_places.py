"""Where something stands in a JSON file, held to a reader that keeps places as it reads."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.registry.json_places import Lines, places

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


def reached(tree: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        tree = tree[key]
    return tree


@given(tree=VALUES, indent=st.sampled_from([None, 0, 2]), ascii_=st.booleans())
def test_every_key_and_item_is_where_it_says(tree: Any, indent: int | None, ascii_: bool) -> None:
    text = json.dumps(tree, indent=indent, ensure_ascii=ascii_)
    lines = Lines(text)
    found = dict(places(text, 100))
    decoder = json.JSONDecoder()
    for path, offset in found.items():
        value, _ = decoder.raw_decode(text, offset)
        assert value == (path[-1] if isinstance(path[-1], str) else reached(tree, path))
        line, column = lines.at(offset)
        assert text.split("\n")[line - 1][column - 1] == text[offset]
    assert len(found) == count(tree)


def count(tree: Any) -> int:
    inner = list(tree.values()) if isinstance(tree, dict) else tree
    return len(inner) + sum(map(count, inner)) if isinstance(tree, dict | list) else 0


def test_what_is_deeper_is_passed_over() -> None:
    assert [path for path, _ in places('{"a": [1, {"b": 2}], "c": 3}', 1)] == [("a",), ("c",)]
