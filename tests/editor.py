"""A client of language servers, as an editor has one, over standard input and output."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from tests.running import ROOT

EXAMPLES = ROOT / "tests" / "examples" / "valid"
SETTINGS = {"yaml": {"validate": True, "completion": True, "schemaStore": {"enable": False}}}
"""What yaml-language-server asks for: it is to fetch nothing."""
Work = Callable[["Editor"], Awaitable[None]]


def shipped() -> list[Path]:
    """Every scenario, site, library, step list and overlay that ships, and the valid examples."""
    files = [*(ROOT / "scenarios").rglob("*.yaml"), *(ROOT / "docs").rglob("*.yaml")]
    files += EXAMPLES.rglob("*.yaml")
    return [file for file in sorted(files) if kind_of(file)]


def kind_of(file: Path) -> str:
    """The kind that a file says it is of: ``scenario``; empty for other YAML."""
    for line in file.read_text("utf-8").splitlines():
        if line.startswith("schema: "):
            return line.removeprefix("schema: ").partition("/")[0]
    return ""


class Editor(LanguageClient):
    """A client that keeps what it is told."""

    def __init__(self) -> None:
        super().__init__("editor", "1")
        self.told: asyncio.Queue[types.PublishDiagnosticsParams] = asyncio.Queue()

        @self.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)  # type: ignore[untyped-decorator]
        def keep(params: types.PublishDiagnosticsParams) -> None:
            self.told.put_nowait(params)

        @self.feature(types.WORKSPACE_CONFIGURATION)  # type: ignore[untyped-decorator]
        def settings(params: types.ConfigurationParams) -> list[Any]:
            return [SETTINGS.get(item.section or "") for item in params.items]

        @self.feature(types.CLIENT_REGISTER_CAPABILITY)  # type: ignore[untyped-decorator]
        def register(params: types.RegistrationParams) -> None:
            """Whatever it may notice later is no matter here."""

    async def begin(self, folder: Path, *command: str) -> types.InitializeResult:
        await self.start_io(*command, cwd=folder)
        able = types.ClientCapabilities(
            workspace=types.WorkspaceClientCapabilities(configuration=True)
        )
        answer = await self.initialize_async(types.InitializeParams(able, root_uri=folder.as_uri()))
        self.initialized(types.InitializedParams())
        self.workspace_did_change_configuration(types.DidChangeConfigurationParams(SETTINGS))
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
            # yaml-language-server does not say of which version it speaks.
            if told.uri == file.as_uri() and told.version in (version, None):
                return list(told.diagnostics)

    async def labels(self, file: Path, line: int, column: int) -> set[str]:
        """What is offered at a place."""
        found = await self.text_document_completion_async(
            types.CompletionParams(
                types.TextDocumentIdentifier(file.as_uri()), types.Position(line, column)
            )
        )
        items = found.items if isinstance(found, types.CompletionList) else found or []
        return {item.label for item in items}


OFFERED = {
    "- modality: ": {"CR", "CT", "MG"},
    "transfer_syntax: ": {"jpeg-ls", "explicit-le"},
    "phantom: ": {"ct/head", "qa/smpte"},
    "body_part: ": {"CHEST", "HAND"},
    "view: ": {"PA", "MLO"},
    "sop_class: ": {"EnhancedCTImageStorage", "CTImageStorage"},
    "locale: ": {"ja_JP", "de_DE"},
    "faults: [": {"wrong-vr", "bad-date"},
    "tags: {Pat": {"PatientSex", "PatientComments"},
    "match: {Acc": {"AccessionNumber", "PatientID"},
    "return: [Stu": {"StudyDate", "StudyInstanceUID"},
    "values: {Mod": {"Modality"},
}
"""What ends a line, and some of what has to be offered there."""
UNFINISHED = """\
schema: scenario/v1
name: unfinished
patients:
  - locale: @
    studies:
      - tags: {Pat}
        series:
          - modality: @
            transfer_syntax: @
            phantom: @
            body_part: @
            view: @
            sop_class: @
            faults: []
steps:
  - query: {on: pacs, level: study, match: {Acc}}
  - query: {on: pacs, level: study, return: [Stu]}
  - assert:
      - tags: {of: back, values: {Mod}}
""".replace("@", "")


async def missed(editor: Editor, file: Path, text: str) -> dict[str, set[str]]:
    """Of what an editor has to offer in an unfinished scenario, what it does not, by its place."""
    await editor.open(file, text)
    found = {}
    for mark, wanted in OFFERED.items():
        line = next(n for n, each in enumerate(text.splitlines()) if mark in each)
        column = text.splitlines()[line].index(mark) + len(mark)
        if lacking := wanted - await editor.labels(file, line, column):
            found[mark] = lacking
    return found


def drive(work: Work) -> None:
    """Let an editor work, and end the server that it started."""

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

    asyncio.run(main())
