"""Tables that people and their examinations are made from, each a file beside this module.

Lines that begin with ``#`` are remarks; the first other line names the columns. They are read when first
asked for.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@cache
def table(name: str) -> Sequence[Mapping[str, str]]:
    """The rows of ``NAME.tsv``, each by its columns; a column that a line is too short for is empty."""
    text = Path(__file__).with_name(f"{name}.tsv").read_text(encoding="utf-8")
    head, *lines = (line.split("\t") for line in text.splitlines() if line and line[0] != "#")
    return [dict(zip(head, line + [""] * (len(head) - len(line)), strict=True)) for line in lines]
