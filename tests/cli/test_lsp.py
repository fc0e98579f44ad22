"""The language server, driven over standard input and output by a client of pygls."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from scenario_runner.app.editing import Editing
from scenario_runner.app.load import Surroundings
from tests.editor import EXAMPLES, UNFINISHED, Editor, drive, missed, shipped
from tests.running import ROOT, write_site

TEXT = """schema: scenario/v1
name: s
title: Prüfung 😀 läuft
steps:
  - query: {on: pacs, lvl: study}
  - use: {steps: radiology/store_and_find, with: {to: pacs}}
"""
SERVER = (sys.executable, "-m", "scenario_runner", "lsp")


def place(text: str, mark: str, after: int = 0) -> types.Position:
    line = next(n for n, each in enumerate(text.splitlines()) if mark in each)
    column = text.splitlines()[line].index(mark) + after
    units = len(text.splitlines()[line][:column].encode("utf-16-le")) // 2
    return types.Position(line, units)


def test_an_editor_is_told_completed_explained_and_led(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    shutil.copytree(EXAMPLES / "libs", tmp_path / "libs")
    (tmp_path / "site.yaml").write_text(
        "schema: site/v1\nname: north\ntargets: {pacs: {embedded: {}}}\n"
    )

    async def work(editor: Editor) -> None:
        answer = await editor.begin(tmp_path, *SERVER, "--site", "site.yaml")
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

    drive(work)


def test_no_shipped_file_has_a_false_finding() -> None:
    async def work(editor: Editor) -> None:
        await editor.begin(ROOT, *SERVER)
        for file in shipped():
            found = await editor.open(file, file.read_bytes().decode("utf-8"))
            if file.is_relative_to(EXAMPLES):  # which show what is right, and check nothing
                found = [one for one in found if one.severity != types.DiagnosticSeverity.Warning]
            assert [(one.code, one.message) for one in found] == [], file

    drive(work)


def test_what_is_one_of_a_list_completes(tmp_path: Path) -> None:
    async def work(editor: Editor) -> None:
        await editor.begin(tmp_path, *SERVER)
        assert await missed(editor, tmp_path / "s.yaml", UNFINISHED) == {}

    drive(work)


SCENARIO = "schema: scenario/v1\nname: s\nrows: people.csv\n"
SITE = "schema: site/v1\nname: s\ntargets: {pacs: {embedded: "
USE = SCENARIO + "steps: [{use: {steps: radiology/store_and_find, with: {"
STATUS = SCENARIO + "steps: [{send: {to: pacs}}, {assert: [{status: {of: send, expected: "
COMPLETED = {
    SCENARIO + "patients: [{from: {": {"csv", "json", "hl7", "registry"},
    SCENARIO + 'steps: [{log: {message: "{{ row.': {"id", "birth date"},
    STATUS: {"success", "warning", "failure"},
    USE: {"to", "level"},
    USE + "to: ": {"pacs"},
    USE + "level: ": {"study", "series"},
    SITE + "{transfer_syntaxes: [": {"rle", "explicit-le"},
    SITE + "{sop_classes: [": {"CTImageStorage"},
    SITE + "{}, expects: {sop_classes: [": {"MRImageStorage"},
    SITE + "{}, expects: {transfer_syntaxes: [": {"jpeg-ls"},
    SITE + "{}, expects: {query_character_set: ": {"ISO_IR 100"},
    "schema: steps/v1\nname: s\nparameters: {to: {": {"type", "default", "one_of"},
    "schema: steps/v1\nname: s\nparameters: {to: {type: ": {"target", "duration"},
}
"""The text before the cursor, and some of what has to be offered there."""


def test_what_files_around_and_the_standard_say_completes_in_flow_style(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "libs", tmp_path / "libs")
    (tmp_path / "people.csv").write_text("id,birth date\n1,19700131\n")
    found: dict[str, set[str]] = {}

    async def work(editor: Editor) -> None:
        await editor.begin(tmp_path, *SERVER)
        for number, (text, wanted) in enumerate(COMPLETED.items()):
            file = tmp_path / f"s{number}.yaml"
            await editor.open(file, text)
            last = text.splitlines()[-1]
            offered = await editor.labels(file, text.count("\n"), len(last))
            if lacking := wanted - offered:
                found[text] = lacking

    drive(work)
    assert found == {}


THROWING = """import sys
from scenario_runner.app.editing import Editing
from scenario_runner.cli import main

diagnostics, times = Editing.diagnostics, []

def thrown(*_):
    raise {error}("within")

def once(self, text):
    times.append(text)
    return thrown() if len(times) == 1 else diagnostics(self, text)

Editing.diagnostics, Editing.hover = once, thrown
sys.argv = ["fabricate", "lsp"]
main()
"""


def test_a_plugin_that_fails_is_told_where_the_editor_shows_it(tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "failing.py").write_text(
        "from scenario_runner.api import hookimpl\n"
        "@hookimpl\ndef fabricate_steps():\n    raise SystemExit(1)\n",
        encoding="utf-8",
    )
    targets: dict[str, Any] = {"pacs": {"embedded": {}}}
    site = write_site(tmp_path / "site.yaml", targets, plugins="plugins")
    editing = Editing(tmp_path / "s.yaml", Surroundings({}, tmp_path), site)
    (told,) = editing.diagnostics(TEXT)
    assert told.message == "plugin 'failing.py' failed in fabricate_steps: SystemExit: 1"


@pytest.mark.parametrize("error", ["MemoryError", "SystemExit", "BaseException"])
def test_whatever_is_thrown_within_is_a_sentence_and_the_next_request_is_answered(
    tmp_path: Path, error: str
) -> None:
    throwing = tmp_path / "throwing.py"
    throwing.write_text(THROWING.format(error=error), encoding="utf-8")
    file = tmp_path / "s.yaml"
    said: list[str] = []

    async def work(editor: Editor) -> None:
        editor.feature(types.WINDOW_LOG_MESSAGE)(lambda told: said.append(told.message))
        await editor.begin(tmp_path, sys.executable, str(throwing))
        document = types.TextDocumentItem(file.as_uri(), "yaml", 1, TEXT)
        editor.text_document_did_open(types.DidOpenTextDocumentParams(document))
        where = types.HoverParams(types.TextDocumentIdentifier(file.as_uri()), types.Position(4, 6))
        assert await editor.text_document_hover_async(where) is None
        found = await editor.change(file, 2, TEXT)
        assert "FAB104" in [one.code for one in found]

    drive(work)
    assert said == [f"this is a defect of DICOM Fabricator: {error}: within"] * 2
