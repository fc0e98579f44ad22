"""What a diagnostic says a value may be comes from the model, whatever pydantic's words are."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Literal, Optional

import pytest
from pydantic import BaseModel, Field

from scenario_runner.errors import InvalidInput
from scenario_runner.language.binding import bind
from scenario_runner.language.document import Document
from scenario_runner.language.loader import parse_document
from scenario_runner.origins import Path


class Side(Enum):
    LEFT = "left, or so"
    RIGHT = "it's right"


class Inner(BaseModel):
    word: Literal["now or never", "a, b", 5] | None = None
    side: Annotated[Side | None, Field()] = None


class Outer(BaseModel):
    both: list[Inner] = []
    named: dict[str, Inner] = {}
    pair: Optional[tuple[Literal["x or y", "z"], ...]] = None  # noqa: UP045 - an old union, too
    form: Annotated[str, Field(pattern="^a+$")] = "a"
    """Some letters ``a``.

    And more."""
    wide: Annotated[str, Field(pattern="^a+$")] = "a"
    """Some letters ``a``, in a sentence that
    goes on. And more."""


def document(text: str) -> Document:
    return parse_document(text, "some.yaml")


@pytest.mark.parametrize(
    ("text", "place", "options"),
    [
        ("both: [{word: no}]", ("both", 0, "word"), "now or never, a, b, 5"),
        ("named: {k: {side: no}}", ("named", "k", "side"), "left, or so, it's right"),
        ("pair: [z, no]", ("pair", 1), "x or y, z"),
    ],
)
def test_the_words_a_value_may_be_are_told_whole(text: str, place: Path, options: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        bind(Outer, document(text).data, document(text), ())
    (found,) = caught.value.diagnostics
    assert (found.code, found.where) == ("FAB105", document(text).where(place))
    assert str(found.hint).endswith(f"is one of: {options}")


def test_a_wrong_form_is_told_with_what_the_field_says_of_itself() -> None:
    with pytest.raises(InvalidInput) as caught:
        bind(Outer, {"form": "b", "wide": "b"}, document("form: b\nwide: b\n"), ())
    assert [found.hint for found in caught.value.diagnostics] == [
        "Some letters `a`.", "Some letters `a`, in a sentence that goes on.",
    ]  # fmt: skip
