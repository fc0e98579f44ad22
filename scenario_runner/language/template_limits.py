"""How much work and memory templates may take, and the problem they have when it is more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

NO_SUCH_NAME = "FAB203"
"""The code of a problem whose token is the name that is not there."""
MAX_TEXT = 65_536
"""Characters that one text may have."""

MAX_LIST = 10_000
"""Elements that one list may have; of a lazy sequence only length, first, last and index go on."""

MAX_BITS = 1_024
"""Bits that one integer may have: more than 300 digits, as many as a YAML scalar."""

MAX_DEPTH = 100
"""Levels of lists and mappings that one value may have."""

MAX_WORK = 300_000
"""Elements, or 16 characters of text each, that one evaluation may work through."""

MAX_WORK_IN_FILE = 3_000_000
"""The same, for all evaluations of one file together while it is checked and planned."""

_SMALL = 200
"""What each evaluation may work through without paying for it from that of the file."""

MAX_HELD = 1_000_000
"""The same, for all that the values of one tree may hold together."""


_ADVICE: Final = {
    "FAB201": "an expression is written as {{ vars.images > 1 }}      docs/reference/templates.md",
    "FAB205": "what an expression may have: docs/reference/templates.md",
    "FAB206": "leave it out; keys and names in reach are in docs/reference/templates.md",
    "FAB207": "give it a value that fits, or choose with {{ a if condition else b }}",
    "FAB208": "make it smaller; how large things may be: docs/reference/limits.md",
}
"""What to do about a problem that says no more itself."""


class TemplateProblem(Exception):  # becomes a diagnostic; it never reaches a user
    """Why an expression has no value: the data of a diagnostic that has no position yet."""

    def __init__(self, code: str, message: str, hint: str | None = None, token: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint or _ADVICE.get(code)
        self.token = token
        """The word of the expression to point at, where there is one."""


class Budget:
    """Work that one evaluation may still do."""

    def __init__(self, amount: int = MAX_HELD) -> None:
        self.left = amount

    def spend(self, amount: int) -> None:
        """Pay for work about to be done. Raises TemplateProblem when there is no more."""
        self.left -= amount
        if self.left < 0:
            raise TemplateProblem("FAB208", "the expression would take too much work")

    def read(self, value: Any) -> None:
        """Pay for looking through a value, if it is text; its length is somebody else's."""
        if isinstance(value, str):
            self.spend(1 + len(value) // 16)

    def text(self, length: int) -> None:
        """Pay for a text of that length."""
        if length > MAX_TEXT:
            raise TemplateProblem(
                "FAB208", f"the expression makes a text of more than {MAX_TEXT:,} characters"
            )
        self.spend(1 + length // 16)

    def list(self, length: int) -> None:
        """Pay for a list of that length."""
        if length > MAX_LIST:
            raise TemplateProblem(
                "FAB208",
                f"the expression makes or walks a list of {length:,} elements; {MAX_LIST:,} is the most",
                "'length', 'first', 'last' and an index work on longer ones",
            )
        self.spend(1 + length)

    def whole(self, value: Any) -> None:
        """Pay for all a value holds, however deep, counted at every place it stands.

        A sequence that makes its members on demand counts as one thing and is not walked.
        """
        open_: list[tuple[Any, int]] = [(value, 0)]
        while open_:
            value, depth = open_.pop()
            if depth > MAX_DEPTH:
                raise TemplateProblem("FAB208", f"a value has more than {MAX_DEPTH} levels")
            if isinstance(value, str):
                self.spend(1 + len(value) // 16)
            elif isinstance(value, Mapping):
                self.spend(1 + len(value))
                open_.extend((item, depth + 1) for item in value.values())
            elif isinstance(value, list | tuple):
                self.spend(1 + len(value))
                open_.extend((item, depth + 1) for item in value)
            else:
                self.spend(1)


_OF_FILE: ContextVar[Budget | None] = ContextVar("work of one file", default=None)


@contextmanager
def one_file() -> Iterator[None]:
    """Hold all evaluations within to MAX_WORK_IN_FILE together; the outermost one counts."""
    if _OF_FILE.get() is not None:
        yield
        return
    token = _OF_FILE.set(Budget(MAX_WORK_IN_FILE))
    try:
        yield
    finally:
        _OF_FILE.reset(token)


def require_work() -> None:
    """Return when the file has work left. Raises TemplateProblem."""
    left = _OF_FILE.get()
    if left is not None and left.left < 0:
        raise TemplateProblem(
            "FAB208",
            "the expressions of this file together take too much work",
            "the first of them that is heavy is the one to make lighter",
        )


def pay_for_file(budget: Budget) -> None:
    """Take what an evaluation has worked from what its file may."""
    left = _OF_FILE.get()
    if left is not None:
        left.left -= max(0, MAX_WORK - budget.left - _SMALL)
