"""yaml-language-server, which VS Code's extension for YAML runs, knows the files by their schemas alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.editor import UNFINISHED, Editor, drive, kind_of, missed, shipped
from tests.peers.from_npm import installed
from tests.running import ROOT

if TYPE_CHECKING:
    from pathlib import Path

NAME, VERSION = "yaml-language-server", "1.19.2"


def server() -> list[str]:
    return ["node", str(installed(NAME, VERSION) / NAME / "bin" / NAME), "--stdio"]


def told_its_schema(text: str, kind: str) -> str:
    """A file with the line that names its schema, which ``fabricate new`` writes."""
    schema = ROOT / "schemas" / f"{kind}.v1.schema.json"
    return f"# {NAME}: $schema={schema.as_uri()}\n{text}"


@pytest.mark.peer
def test_it_finds_nothing_wrong_with_what_ships_and_completes_what_is_one_of_a_list(
    tmp_path: Path,
) -> None:
    async def work(editor: Editor) -> None:
        await editor.begin(ROOT, *server())
        for file in shipped():
            text = file.read_bytes().decode("utf-8").removeprefix("\N{BYTE ORDER MARK}")
            if NAME not in text.partition("\n")[0]:
                text = told_its_schema(text, kind_of(file))
            found = await editor.open(file, text)
            assert [one.message for one in found] == [], file
        unfinished = told_its_schema(UNFINISHED, "scenario")
        assert await missed(editor, tmp_path / "s.yaml", unfinished) == {}

    drive(work)
