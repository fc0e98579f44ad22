"""What a model declares for the value at a place below it: read from its annotations, not from errors."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from scenario_runner.descriptions import attribute_docstrings
from scenario_runner.language.diagnostic_words import beginning
from scenario_runner.origins import Path


def options_at(model: type[BaseModel], place: Path) -> list[str]:
    """The words that the value may be, where its type is a list of them."""
    found: list[str] = []
    for annotation, _ in _declared(model, place, ""):
        if get_origin(annotation) is Literal:
            found += map(str, get_args(annotation))
        elif isinstance(annotation, type) and issubclass(annotation, Enum):
            found += (str(member.value) for member in annotation)
    return list(dict.fromkeys(found))


def described_at(model: type[BaseModel], place: Path) -> str:
    """How the field that holds the value describes itself: the first line, to the end of its sentence; empty where none does."""
    words = next((words for _, words in _declared(model, place, "") if words), "")
    return beginning(words).replace("``", "`")


def keys_at(model: type[BaseModel], place: Path) -> list[str]:
    """The keys that a mapping at a place may have, where one model says that."""
    for annotation, _ in _declared(model, place, ""):
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return [field.alias or name for name, field in annotation.model_fields.items()]
    return []


def _declared(annotation: Any, place: Path, words: str) -> Iterator[tuple[Any, str]]:
    """The types of a value at a place, those of a union one by one, with the words of its field."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _declared(arguments[0], place, words)
    elif origin in (Union, UnionType):
        for each in arguments:
            yield from _declared(each, place, words)
    elif not place:
        yield annotation, words
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            if (field.alias or name) == place[0]:
                below = attribute_docstrings(annotation).get(name, "")
                yield from _declared(field.annotation, place[1:], below)
    elif origin is not None:
        members = [each for each in arguments if each is not ...]
        yield from _declared(members[-1], place[1:], words)
