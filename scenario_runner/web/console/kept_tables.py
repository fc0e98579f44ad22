"""Answers of PACS that were shown, kept for a while so that they can be taken along as they were."""

from __future__ import annotations

import json
import secrets
import threading
from collections import OrderedDict
from typing import Final, Literal

from starlette.responses import Response

from scenario_runner.app.queries import Table
from scenario_runner.app.row_texts import cell, csv_line
from scenario_runner.service.errors import NotThere

_MOST: Final = 64
"""Tables that are kept; then the oldest goes."""
_TYPES: Final = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


class KeptTables:
    """Tables by a number nobody guesses, each for whoever asked. Safe between threads."""

    def __init__(self) -> None:
        self._tables: OrderedDict[str, tuple[str, Table]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, who: str, found: Table) -> str:
        """Its number."""
        number = secrets.token_urlsafe(16)
        with self._lock:
            self._tables[number] = (who, found)
            while len(self._tables) > _MOST:
                self._tables.popitem(last=False)
        return number

    def answer(self, who: str, number: str, kind: Literal["csv", "json"]) -> Response:
        """A table as a file. Raises NotThere when it is gone, or somebody else's."""
        with self._lock:
            owner, found = self._tables.get(number, ("", None))
        if found is None or owner != who:
            raise NotThere("not-found", "these answers are not kept any more", hint="ask again")
        text = (
            _csv(found)
            if kind == "csv"
            else json.dumps(found.rows, ensure_ascii=False, indent=1, default=str)
        )
        return Response(
            text.encode(),
            media_type=_TYPES[kind],
            headers={
                "Content-Disposition": f'attachment; filename="matches.{kind}"',
                "Cache-Control": "no-store",
            },
        )


def _csv(found: Table) -> str:
    lines = [
        found.columns,
        *([cell(row.get(name)) for name in found.columns] for row in found.rows),
    ]
    return "".join(map(csv_line, lines))
