"""The parts of the documentation that a test can hold it to: fences, headings, links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.running import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
GUIDES = [DOCS / "README.md", *sorted((DOCS / "guide").glob("*.md"))]

_FENCE = re.compile(
    r"(?:^<!-- file: (?P<file>\S+) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block. file: the name it is to be kept under, from the comment before it."""

    page: Path
    line: int
    language: str
    text: str
    file: str | None

    def __str__(self) -> str:
        return f"{self.page.relative_to(DOCS).as_posix()}:{self.line}"


def fences(page: Path) -> Iterator[Fence]:
    """Every fenced block of a page, in order."""
    whole = page.read_text("utf-8")
    for match in _FENCE.finditer(whole):
        line = whole.count("\n", 0, match.start("text")) + 1
        yield Fence(page, line, match["language"], match["text"], match["file"])


def anchors(page: Path) -> set[str]:
    """What a link to a heading of the page can end with, by the rules of GitHub."""
    text = _FENCE.sub("", page.read_text("utf-8"))
    return {
        re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        for heading in _HEADING.findall(text)
    }


def links(page: Path) -> set[str]:
    """The links of a page to other files of the project, and to its own headings."""
    text = _FENCE.sub("", page.read_text("utf-8"))
    return {link for link in _LINK.findall(text) if not link.startswith(("http:", "https:"))}
