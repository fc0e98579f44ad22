"""Secrets are shown nowhere: what leaves the engine or a client command passes through here, once."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import repeat
from operator import attrgetter
from typing import Any, get_type_hints

from scenario_runner.errors import text_of
from scenario_runner.redaction.forms import Form, forms_of
from scenario_runner.redaction.threads import told_in_a_line
from scenario_runner.redaction.unfolding import is_number, layers, may_be_escaped

MASK = "•••"
_NUMBERS = (int, int | None, float, float | None, bool)
"""Types of fields of events that can only be numbers of our own. A secret such as a port of 104 must not take
the count out of a send of 104 images, for then the event could not be read any more."""
_SHORT_TEXT, _MOST_REMEMBERED = 128, 2048
"""Characters of a text, and texts, of which the outcome is remembered."""
_NOTHING = repeat(None)
_BETWEEN_VALUES = "\\"
_BETWEEN_GROUPS = "="
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")


class Redactor:
    """Replaces secret texts, however a peer, HTTP or one of our own writers has written them.

    That is: in percent, HTML, XML or JSON escapes of some or all of its characters, one in the other,
    in Base64 wherever it begins, in hexadecimal, in other letter case, with characters replaced that
    a character set lacks, cut short at the end, and taken apart where DICOM splits a value.
    A secret of three characters or fewer is replaced only as a word of its own, for otherwise it
    would blank out half of every report.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._look_for(
            form for secret in dict.fromkeys(secrets) if secret for form in forms_of(secret)
        )

    def _look_for(self, forms: Iterable[Form]) -> None:
        self._forms = sorted(forms, key=attrgetter("least"))
        self._of_numbers = [form for form in self._forms if is_number(form.probe)]
        self._remembered = lru_cache(_MOST_REMEMBERED)(self._searched)
        self._clean: dict[type, tuple[Any, ...]] = {}
        """Of each kind of event the values of the last in which nothing was found: many have the same case and step."""

    def learn(self, secret: str) -> None:
        """One more, such as a token that a server has just given; any thread may say so."""
        self._look_for([*self._forms, *(forms_of(secret) if secret else ())])

    def text(self, text: str) -> str:
        """The text without secrets."""
        return self._masked(text) if self._forms else text

    def _masked(self, text: str) -> str:
        # Names of attributes and steps come again and again; what ends in a number, of which there is one for each
        # image, does not.
        if len(text) > _SHORT_TEXT or text[-1:].isdigit():
            return self._searched(text)
        return self._remembered(text)

    def _searched(self, text: str) -> str:
        if is_number(text):
            if not self._may_hold(text, self._of_numbers):
                return text
        elif not (may_be_escaped(text) or self._may_hold(text, self._forms)):
            return text
        found = [
            layer.place(*span)
            for layer in layers(text)
            for form in self._forms
            for span in form.spans(layer)
        ]
        if not found:
            return text
        pieces, end = [], 0
        for start, stop in sorted(found):
            if start >= end:
                pieces += [text[end:start], MASK]
            end = max(end, stop)
        return "".join([*pieces, text[end:]])

    def _may_hold(self, text: str, forms: Sequence[Form]) -> bool:
        length, lower = len(text), text.lower()
        for form in forms:
            if length < form.least:
                return False
            if form.probe in (lower if form.any_case else text):
                return True
        return False

    def data(self, data: bytes) -> bytes:
        """Bytes of a text file without secrets; Latin-1 keeps every other byte as it is."""
        if not self._forms:
            return data
        try:
            return self.text(data.decode("utf-8")).encode("utf-8")
        except UnicodeDecodeError:
            return self.text(data.decode("latin-1")).encode("latin-1", "replace")

    def tree(self, value: Any) -> Any:
        """The same structure with every text in it redacted, keys included."""
        return self._tree(value) if self._forms else value

    def _tree(self, value: Any) -> Any:
        if type(value) in self._clean:
            return self._fields(value)
        if isinstance(value, str):
            return self._masked(value)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, list | tuple):
            return self._several(value)
        if isinstance(value, bytes):
            return self.data(value)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self._fields(value)
        text = text_of(value)
        if text is None:
            return f"<{type(value).__name__}>"
        cleaned = self._masked(text)
        if isinstance(value, int | float):
            # A number can be a secret too: a PIN from the environment.
            return MASK if cleaned == MASK else value
        # Whatever else it is will be written down as its text.
        return value if cleaned == text else cleaned

    def _fields(self, value: Any) -> Any:
        changes = {}
        kind: Any = type(value)
        names, values_of = _searched_fields(kind)
        values = values_of(value)
        known = self._clean  # another one when a secret is learned meanwhile
        for name, before, clean in zip(names, values, known.get(kind) or _NOTHING, strict=False):
            if type(before) is str:
                if before is clean:
                    continue
                if (masked := self._masked(before)) != before:
                    changes[name] = masked
                continue
            after = self._tree(before)
            # To make events anew in which there is no secret would cost as much as the search.
            if after is not before:
                changes[name] = after
        if changes:
            return dataclasses.replace(value, **changes)
        known[kind] = values
        return value

    def _mapping(self, value: Mapping[Any, Any]) -> dict[Any, Any]:
        cleaned = {self._tree(key): self._tree(item) for key, item in value.items()}
        # A person name of the JSON model: what stood around an equals sign stands apart (PS3.18 F.2.2).
        groups = [name for name in _GROUPS if isinstance(value.get(name), str)]
        if len(groups) > 1 and self._spans_several([value[one] for one in groups], _BETWEEN_GROUPS):
            cleaned.update(dict.fromkeys(groups, MASK))
        return cleaned

    def _several(self, value: list[Any] | tuple[Any, ...]) -> Any:
        cleaned = [self._tree(item) for item in value]
        texts = [item or "" for item in value if item is None or isinstance(item, str)]
        # Values of one attribute: a backslash in a secret has taken it apart (PS3.5 6.4).
        only_texts = len(texts) > 1 and len(texts) == len(value)
        if only_texts and self._spans_several(texts, _BETWEEN_VALUES):
            cleaned = [MASK] * len(value)
        if isinstance(value, list):
            return cleaned
        return type(value)(*cleaned) if hasattr(value, "_fields") else tuple(cleaned)

    def _spans_several(self, texts: list[str], between: str) -> bool:
        """Whether there is more to mask in texts put together than in each by itself."""
        whole = between.join(texts)
        return self._masked(whole) != between.join(map(self._masked, texts))

    def clean(self, error: BaseException) -> None:
        """Take the secrets out of everything that an error carries, and those that led to it."""
        if not self._forms:
            return
        seen: set[int] = set()
        waiting: list[BaseException | None] = [error]
        while waiting:
            one = waiting.pop()
            if one is None or id(one) in seen:
                continue
            seen.add(id(one))
            waiting += [one.__cause__, one.__context__]
            if isinstance(one, BaseExceptionGroup):
                waiting += one.exceptions
            with contextlib.suppress(AttributeError, TypeError):
                one.args = self._tree(one.args)
            for name, value in list(getattr(one, "__dict__", {}).items()):
                with contextlib.suppress(AttributeError, TypeError):
                    setattr(one, name, self._tree(value))

    @contextlib.contextmanager
    def guarding(self) -> Iterator[None]:
        """Within, what is raised or logged to the terminal holds no secret, and no thread leaves a traceback there."""
        with self._clean_log(), told_in_a_line(self.text):
            try:
                yield
            except BaseException as error:
                self.clean(error)
                raise

    @contextlib.contextmanager
    def _clean_log(self) -> Iterator[None]:
        root = logging.getLogger()
        if not self._forms or root.handlers:
            yield  # whoever has set up a log of its own knows what is done with it
            return
        handler = logging.StreamHandler()
        handler.setLevel(logging.WARNING)
        handler.setFormatter(_CleanFormatter(self))
        root.addHandler(handler)
        try:
            yield
        finally:
            root.removeHandler(handler)


class _CleanFormatter(logging.Formatter):
    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        return self._redactor.text(super().format(record))


@cache
def _searched_fields(kind: Any) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """The fields of a dataclass, without those that can only be numbers of our own, and what reads them all at once."""
    try:
        types = get_type_hints(kind)
    except NameError:  # a type that is known to type checkers alone: no field goes unread
        types = {}
    fields = (field.name for field in dataclasses.fields(kind) if field.init)
    names = tuple(name for name in fields if types.get(name) not in _NUMBERS)
    if len(names) < 2:  # attrgetter gives a tuple for several names alone
        return names, lambda value: tuple(getattr(value, name) for name in names)
    return names, attrgetter(*names)
