"""Words in the schemas for editors that complete by a schema alone, such as yaml-language-server.

``fabricate lsp`` has the words from ``editing_words``, with what files around say; what a schema can hold of them is put
where such editors look: ``examples`` of a value, ``properties`` of a mapping. Neither refuses anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from scenario_runner.app.editing_words import words_of
from scenario_runner.plugins import Plugins

_ATTRIBUTE: Final = "attribute"
SHARED: Final[Mapping[str, str]] = {"object": "attributes", "string": "attribute"}
"""The definitions that places of attributes refer to, of a mapping and of a text: the keywords are many."""


def with_words(schema: Mapping[str, Any], plugins: Plugins) -> dict[str, Any]:
    """The same schema with the words of each place that has a list of them."""
    made: dict[str, Any] = _worded(schema, plugins)
    keywords = list(words_of(_ATTRIBUTE, plugins))
    made["$defs"] = made.get("$defs", {}) | {
        SHARED["object"]: {"properties": {word: {} for word in keywords}},
        SHARED["string"]: {"examples": keywords},
    }
    return made


def _worded(node: Any, plugins: Plugins) -> Any:
    if isinstance(node, list):
        return [_worded(one, plugins) for one in node]
    if not isinstance(node, Mapping):
        return node
    made = {key: _worded(one, plugins) for key, one in node.items()}
    if isinstance(kind := node.get("x-keys-of"), str):
        made |= {"properties": {word: {} for word in words_of(kind, plugins)}}
    what = node.get("x-one-of") or node.get("x-name-of")
    if not isinstance(what, str):
        return made
    if what == _ATTRIBUTE:
        kind = "object" if "object" in node.get("type", ()) else "string"
        return made | {"$ref": f"#/$defs/{SHARED[kind]}"}
    words = list(words_of(what, plugins))
    return made | {"examples": words} if words and "examples" not in node else made
