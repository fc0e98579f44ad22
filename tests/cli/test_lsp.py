"""The language server, driven over standard input and output by a client of pygls."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from tests.running import ROOT

EXAMPLES = ROOT / "tests" / "examples" / "valid"
TEXT = """schema: scenario/v1
name: s
title: Prüfung 😀 läuft
steps:
  - query: {on: pacs, lvl: study}
  - use: {steps: radiology/store_and_find, with: {to: pacs}}
"""
Work = Callable[["Editor"], Awaitable[None]]


class Editor(LanguageClient):
    """A client that keeps what it is told."""

    def __init__(self) -> None:
        super().__init__("editor", "1")
        self.told: asyncio.Queue[types.PublishDiagnosticsParams] = asyncio.Queue()

        @self.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)  # type: ignore[untyped-decorator]
        def keep(params: types.PublishDiagnosticsParams) -> None:
            self.told.put_nowait(params)

    async def begin(self, folder: Path) -> types.InitializeResult:
        command = [sys.executable, "-m", "scenario_runner", "lsp", "--site", "site.yaml"]
        await self.start_io(*command, cwd=folder)
        asked = types.InitializeParams(types.ClientCapabilities(), root_uri=folder.as_uri())
        answer = await self.initialize_async(asked)
        self.initialized(types.InitializedParams())
        return answer

    async def open(self, file: Path, text: str) -> list[types.Diagnostic]:
        item = types.TextDocumentItem(file.as_uri(), "yaml", 1, text)
        self.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return await self.findings(file, 1)

    async def change(self, file: Path, version: int, text: str) -> list[types.Diagnostic]:
        self.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(version, file.as_uri()),
                [types.TextDocumentContentChangeWholeDocument(text)],
            )
        )
        return await self.findings(file, version)

    async def findings(self, file: Path, version: int) -> list[types.Diagnostic]:
        while True:
            told = await self.told.get()
            if (told.uri, told.version) == (file.as_uri(), version):
                return list(told.diagnostics)


def place(text: str, mark: str, after: int = 0) -> types.Position:
    line = next(n for n, each in enumerate(text.splitlines()) if mark in each)
    column = text.splitlines()[line].index(mark) + after
    units = len(text.splitlines()[line][:column].encode("utf-16-le")) // 2
    return types.Position(line, units)


def drive(folder: Path, work: Work) -> None:
    async def main() -> None:
        editor = Editor()
        try:
            await work(editor)
            await editor.shutdown_async(None)
            editor.exit(None)
        finally:
            if editor._server is not None and editor._server.returncode is None:
                editor._server.terminate()
            await editor.stop()  # type: ignore[no-untyped-call]

    shutil.copytree(EXAMPLES / "libs", folder / "libs")
    (folder / "site.yaml").write_text(
        "schema: site/v1\nname: north\ntargets: {pacs: {embedded: {}}}\n"
    )
    asyncio.run(main())


def test_an_editor_is_told_completed_explained_and_led(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"

    async def work(editor: Editor) -> None:
        answer = await editor.begin(tmp_path)
        assert answer.capabilities.completion_provider is not None
        found = await editor.open(file, TEXT)
        assert [one.code for one in found if one.severity == types.DiagnosticSeverity.Error] == [
            "FAB104"
        ]
        (unknown,) = [one for one in found if one.code == "FAB104"]
        assert unknown.range.start == place(TEXT, "lvl")
        assert "did you mean 'level'" in unknown.message
        better = TEXT.replace("lvl: study", "level: study, match: {Pat}")
        document = types.TextDocumentIdentifier(file.as_uri())
        await editor.change(file, 2, better)
        offered = await editor.text_document_completion_async(
            types.CompletionParams(document, place(better, "{Pat}", 4))
        )
        assert isinstance(offered, types.CompletionList)
        by_label = {item.label: item for item in offered.items}
        edit: Any = by_label["PatientID"].text_edit
        assert edit.new_text == "PatientID: "
        assert edit.range == types.Range(place(better, "{Pat}", 1), place(better, "{Pat}", 4))
        told = await editor.text_document_hover_async(
            types.HoverParams(document, place(better, "query", 2))
        )
        assert told is not None
        assert "C-FIND" in told.contents.value  # type: ignore[union-attr]
        led = await editor.text_document_definition_async(
            types.DefinitionParams(document, place(better, "radiology", 2))
        )
        assert isinstance(led, types.Location)
        assert led.uri == (tmp_path / "libs/radiology/steps/store_and_find.yaml").as_uri()
        emoji = better + "  - log: {message: '😀 läuft {{ vars.x }}'}\n"
        (wrong,) = [one for one in await editor.change(file, 3, emoji) if one.code == "FAB204"]
        assert wrong.range.start == place(emoji, "vars.x", 5)

    drive(tmp_path, work)


def test_no_shipped_file_has_a_false_error(tmp_path: Path) -> None:
    files = [*sorted((ROOT / "scenarios").rglob("*.yaml"))[::4], *sorted(EXAMPLES.glob("*.yaml"))]
    scenarios = [file for file in files if "schema: s" in file.read_text("utf-8")[:2_000]]

    async def work(editor: Editor) -> None:
        await editor.begin(tmp_path)
        for file in scenarios:
            text = file.read_bytes().decode("utf-8")
            found = await editor.open(file, text)
            wrong = [one for one in found if one.severity == types.DiagnosticSeverity.Error]
            # A target of the file that this site lacks is none of the file's errors.
            assert [one for one in wrong if one.code not in ("FAB116", "FAB121", "FAB122")] == [], (
                file
            )

    drive(tmp_path, work)


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "pygls.py").write_text("raise ModuleNotFoundError(name='pygls')")
    from tests.running import fabricate

    done = fabricate("lsp", cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)})
    assert done.code == 2
    assert "dicom-fabricator[lsp]" in done.err
