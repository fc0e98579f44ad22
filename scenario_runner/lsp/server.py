"""The server: which requests it answers, and for which files it keeps what lies around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial, wraps
from pathlib import Path
from typing import TypeVar

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path
from pygls.workspace import TextDocument

from scenario_runner.app.editing import Editing
from scenario_runner.app.load import Surroundings
from scenario_runner.errors import FabricatorError, described
from scenario_runner.language.document_kinds import KINDS
from scenario_runner.lsp.converting import (
    diagnostic_of,
    item_of,
    location_of,
    offset_at,
    range_of,
)
from scenario_runner.version import __version__

P = TypeVar("P")
T = TypeVar("T")
_CHARACTERS = ["{", "[", ":", " ", ".", ",", "-", "/", "|"]


class Server(LanguageServer):
    """Answers for files that say what they are (``schema: scenario/v1`` and the like), and for no others."""

    def __init__(self, around: Surroundings, site: Path | None) -> None:
        super().__init__("fabricate", __version__)
        self._around, self._site = around, site
        self._editing: dict[str, Editing] = {}

    def editing(self, uri: str) -> Editing | None:
        """What lies around a file; None for one that is on no disk."""
        if uri not in self._editing:
            path = to_fs_path(uri)
            if path is None:
                return None
            self._editing[uri] = Editing(Path(path), self._around, self._site)
        return self._editing[uri]

    def forget(self) -> None:
        """Sites, libraries and other files may have changed: look at them anew."""
        self._editing.clear()

    def is_ours(self, document: TextDocument) -> bool:
        """Whether a file is one of this program's."""
        return any(f"schema: {kind}" in document.source for kind in KINDS)

    def check(self, uri: str) -> None:
        """Tell the client what is wrong with a file."""
        document = self.workspace.get_text_document(uri)
        editing = self.editing(uri)
        found: list[types.Diagnostic] = []
        if editing is not None and self.is_ours(document):
            told = editing.diagnostics(document.source)
            found = [diagnostic_of(document, editing.file, one) for one in told]
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri, found, document.version)
        )

    def open_files(self) -> Iterator[str]:
        """What the client has open."""
        yield from list(self.workspace.text_documents)


def server(around: Surroundings, site: Path | None = None) -> Server:
    """A server that is ready to be started. site: for every file, instead of what the settings name."""
    made = Server(around, site)
    _of_documents(made)
    _of_places(made)
    return made


def _of_documents(made: Server) -> None:
    goes_on = partial(_going_on, made)

    @made.feature(types.TEXT_DOCUMENT_DID_OPEN)
    @goes_on
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        made.check(params.text_document.uri)

    @made.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    @goes_on
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        made.check(params.text_document.uri)

    @made.feature(types.TEXT_DOCUMENT_DID_SAVE)
    @goes_on
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        del params
        made.forget()
        for uri in made.open_files():
            made.check(uri)

    @made.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    @goes_on
    def outside(params: types.DidChangeWatchedFilesParams) -> None:
        del params
        made.forget()
        for uri in made.open_files():
            made.check(uri)

    @made.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        made.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))


def _going_on(made: Server, act: Callable[[P], T]) -> Callable[[P], T | None]:
    """The same, but whatever is thrown within is told to the client in a sentence, and the next request is answered."""

    @wraps(act)
    def acted(params: P) -> T | None:
        try:
            return act(params)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - see above
            known = isinstance(error, FabricatorError)
            told = (
                str(error) if known else f"this is a defect of DICOM Fabricator: {described(error)}"
            )
            made.window_log_message(types.LogMessageParams(types.MessageType.Error, told))
            return None

    return acted


def _of_places(made: Server) -> None:
    goes_on = partial(_going_on, made)

    def asked(
        params: types.CompletionParams | types.HoverParams | types.DefinitionParams,
    ) -> tuple[TextDocument, Editing, int] | None:
        uri = params.text_document.uri
        document, editing = made.workspace.get_text_document(uri), made.editing(uri)
        if editing is None or not made.is_ours(document):
            return None
        return document, editing, offset_at(document, params.position)

    @made.feature(
        types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=_CHARACTERS)
    )
    @goes_on
    def completion(params: types.CompletionParams) -> types.CompletionList:
        if (place := asked(params)) is None:
            return types.CompletionList(is_incomplete=False, items=[])
        document, editing, offset = place
        found = editing.complete(document.source, offset)
        items = [item_of(document, found, one, order) for order, one in enumerate(found.items)]
        return types.CompletionList(is_incomplete=False, items=items)

    @made.feature(types.TEXT_DOCUMENT_HOVER)
    @goes_on
    def hover(params: types.HoverParams) -> types.Hover | None:
        if (place := asked(params)) is None:
            return None
        document, editing, offset = place
        found = editing.hover(document.source, offset)
        if found is None:
            return None
        text = types.MarkupContent(types.MarkupKind.Markdown, found.text)
        return types.Hover(text, range_of(document, found.start, found.end))

    @made.feature(types.TEXT_DOCUMENT_DEFINITION)
    @goes_on
    def definition(params: types.DefinitionParams) -> types.Location | None:
        if (place := asked(params)) is None:
            return None
        document, editing, offset = place
        found = editing.definition(document.source, offset)
        return None if found is None else location_of(found)
