"""Long lists, a page at a time: where one is, and where the links go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Query

from scenario_runner.lazy_dataclasses import dataclass

ROWS: Final = 50
"""Of a list, where nobody asks for another number."""
Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0, le=1 << 40)]


@dataclass(frozen=True, slots=True)
class Paging:
    """A page of a list. query: what else the links have to say, such as a filter; empty values are left out."""

    path: str
    query: Mapping[str, str]
    total: int
    limit: int
    offset: int

    @property
    def first(self) -> int:
        """The number of the first row, from 1; 0 where there is none."""
        return self.offset + 1 if self.total > self.offset else 0

    @property
    def last(self) -> int:
        """The number of the last row."""
        return min(self.offset + self.limit, self.total)

    @property
    def before(self) -> str | None:
        """Where the page before is."""
        return self.at(max(0, self.offset - self.limit)) if self.offset else None

    @property
    def after(self) -> str | None:
        """Where the next page is."""
        return self.at(self.offset + self.limit) if self.last < self.total else None

    @property
    def is_filtered(self) -> bool:
        """Whether something restricts the list."""
        return any(value for key, value in self.query.items() if key != "sort")

    def at(self, offset: int) -> str:
        """Where the page is that begins there."""
        return self.with_query(offset=str(offset) if offset else "")

    def with_query(self, **changed: str) -> str:
        """The list with something else asked for, from its beginning."""
        limit = str(self.limit) if self.limit != ROWS else ""
        asked = {**self.query, "limit": limit, **changed}
        kept = {key: value for key, value in asked.items() if value}
        return self.path + (f"?{urlencode(kept)}" if kept else "")
