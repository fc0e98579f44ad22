"""Our places and words in the types of the protocol."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types
from pygls.uris import from_fs_path
from pygls.workspace import TextDocument

from scenario_runner.errors import Diagnostic, Where
from scenario_runner.language.document import line_starts, position
from scenario_runner.language.editing.offering import Completion, Completions
from scenario_runner.language.rendering import lines_of, users

_KINDS = {
    "key": types.CompletionItemKind.Property,
    "value": types.CompletionItemKind.EnumMember,
    "name": types.CompletionItemKind.Variable,
}


def offset_at(document: TextDocument, place: types.Position) -> int:
    """The place of a client in characters of the text."""
    return document.offset_at_position(place)


def range_of(document: TextDocument, start: int, end: int) -> types.Range:
    """Two offsets as a client counts them."""
    starts = line_starts(document.source)
    return _range(document, *position(starts, start), *position(starts, end))


def range_at(document: TextDocument, where: Where) -> types.Range:
    """A place of a diagnostic as a client counts it."""
    return _range(document, where.line, where.column, where.end_line, where.end_column)


def _range(
    document: TextDocument, line: int, column: int, end_line: int, end_column: int
) -> types.Range:
    """Lines and columns from 1 in characters, as the client counts them from 0 in its units."""
    lines = lines_of(document.source)
    ends = []
    for row, place in ((line - 1, column - 1), (end_line - 1, end_column - 1)):
        before = lines[row][:place] if row < len(lines) else ""
        ends.append(types.Position(row, document.position_codec.client_num_units(before)))
    return types.Range(*ends)


def location_of(where: Where) -> types.Location:
    """A place in a file on disk; its columns are right where the line has characters of one unit."""
    start = types.Position(where.line - 1, where.column - 1)
    end = types.Position(where.end_line - 1, where.end_column - 1)
    return types.Location(uri_of(where.file), types.Range(start, end))


def uri_of(file: str) -> str:
    """A file as a client names it."""
    return from_fs_path(str(Path(file).absolute())) or ""


def diagnostic_of(document: TextDocument, file: Path, found: Diagnostic) -> types.Diagnostic:
    """A finding of ours; one about another file stands where this one uses it, else at the top."""
    places = [found.where, *users(found.where)]
    here = next((place for place in places if Path(place.file) == file), None)
    related = [
        types.DiagnosticRelatedInformation(location_of(place), found.message)
        for place in places
        if place is not here and place.file
    ]
    return types.Diagnostic(
        range=range_at(document, here or Where(str(file))),
        message=found.message + (f"\n{found.hint}" if found.hint else ""),
        severity=types.DiagnosticSeverity.Warning
        if found.severity == "warning"
        else types.DiagnosticSeverity.Error,
        code=found.code,
        source="fabricate",
        related_information=related or None,
        tags=[types.DiagnosticTag.Unnecessary] if found.code in ("FAB901", "FAB902") else None,
    )


def item_of(
    document: TextDocument, found: Completions, item: Completion, order: int
) -> types.CompletionItem:
    """A completion that takes the place of what is written."""
    return types.CompletionItem(
        label=item.label,
        kind=_KINDS[item.kind],
        detail=item.detail or None,
        documentation=types.MarkupContent(types.MarkupKind.Markdown, item.documentation)
        if item.documentation
        else None,
        sort_text=f"{order:05}",
        text_edit=types.TextEdit(range_of(document, found.start, found.end), item.insert),
    )
