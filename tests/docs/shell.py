"""The commands of a page, run one after the other as its reader would."""

from __future__ import annotations

import re
import shlex
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.docs.markdown import fences
from tests.running import ROOT, Finished, fabricate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_EXIT = re.compile(r"\s+# exit (\d+)$")
_IN_A_SENTENCE = re.compile(r"`(fabricate [a-z][^`\n]*)`")
_FENCE = re.compile(r"```.*?```", re.DOTALL)
_STANDS_FOR = re.compile(r"\b[A-Z]{2,}\b|[…{}<>=|]| --[a-z-]+$")
"""A word in capitals, or an option that is named without its value."""
_COMMAND = re.compile(r"fabricate(?: [^'\"`\n#]+|'[^']*'|\"[^\"]*\")+")


@dataclass(frozen=True, slots=True)
class Line:
    """One command with the exit code that the page promises."""

    arguments: list[str]
    code: int = 0
    output: str | None = None

    def run(self, folder: Path) -> Finished:
        """Run it in a folder; `> FILE` is done here, so that it needs no shell."""
        env = {"FABRICATE_REGISTRY": str(folder / "registry.sqlite3")}
        done = fabricate(*self.arguments, cwd=folder, env=env).check(self.code)
        if self.output is not None:
            (folder / self.output).write_text(done.out, encoding="utf-8")
        return done


def parsed(line: str) -> Line:
    """`fabricate …`, perhaps with `> FILE`, perhaps with `# exit N`."""
    match = _EXIT.search(line)
    words = shlex.split(_EXIT.sub("", line))
    assert words[0] == "fabricate", line
    output = words[words.index(">") + 1] if ">" in words else None
    arguments = words[1 : words.index(">")] if ">" in words else words[1:]
    return Line(arguments, int(match[1]) if match else 0, output)


def prepare(page: Path, folder: Path) -> Path:
    """A folder with what the project ships, for the files and commands of a page."""
    for name in ("scenarios", "plugins"):
        shutil.copytree(ROOT / name, folder / name)
    assert page.is_file()
    return folder


def follow(page: Path, folder: Path) -> int:
    """Write the page's files and run its `sh` blocks, in order; returns how many commands ran."""
    count = 0
    for fence in fences(page):
        if fence.file is not None:
            (folder / fence.file).write_text(fence.text, encoding="utf-8")
        elif fence.language == "sh":
            for line in filter(None, map(str.strip, fence.text.splitlines())):
                parsed(line).run(folder)
                count += 1
    return count


def named(page: Path) -> Iterator[str]:
    """Every `fabricate …` command in sentences and tables, but those in which a word stands for another."""
    for command in _IN_A_SENTENCE.findall(_FENCE.sub("", page.read_text("utf-8"))):
        if not _STANDS_FOR.search(command):
            yield command


def mentioned(page: Path) -> Iterator[str]:
    """Every `fabricate …` command in a fence of another kind: transcripts, CI files."""
    for fence in fences(page):
        if fence.language in ("console", "yml", "groovy", "sh"):
            yield from (match.strip() for match in _COMMAND.findall(fence.text))
