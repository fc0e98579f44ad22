"""Secrets never leave the engine: every text in every event passes through here, once."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

MASK = "•••"
_COUNTS = frozenset(("int", "int | None", "float", "float | None", "bool"))
"""Fields of events that can only be numbers of our own. A secret such as a port of 104 must not take
the count out of a send of 104 images, for then the event could not be read any more."""
_SHORT = 3


class Redactor:
    """Replaces secret texts, also where they stand JSON-escaped, URL-quoted or in Base64.

    A secret of three characters or fewer is replaced only as a word of its own, for otherwise it
    would blank out half of every report.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        forms: set[str] = set()
        for secret in secrets:
            if secret:
                forms |= _forms(secret)
        patterns = [
            re.escape(form) if len(form) > _SHORT else rf"(?<!\w){re.escape(form)}(?!\w)"
            for form in sorted(forms, key=len, reverse=True)
        ]
        self._pattern = re.compile("|".join(patterns)) if patterns else None

    def text(self, text: str) -> str:
        """The text without secrets."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def data(self, data: bytes) -> bytes:
        """Bytes of a text file without secrets; Latin-1 keeps every other byte as it is."""
        if self._pattern is None:
            return data
        try:
            return self.text(data.decode("utf-8")).encode("utf-8")
        except UnicodeDecodeError:
            return self.text(data.decode("latin-1")).encode("latin-1", "replace")

    def tree(self, value: Any) -> Any:
        """The same structure with every text in it redacted, keys included."""
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.tree(key): self.tree(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self.tree(item) for item in value)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            changes = {
                field.name: self.tree(getattr(value, field.name))
                for field in dataclasses.fields(value)
                if field.type not in _COUNTS
            }
            return dataclasses.replace(value, **changes)
        if isinstance(value, int | float) and not isinstance(value, bool):
            # A number can be a secret too: a PIN from the environment.
            return MASK if self.text(str(value)) == MASK else value
        return value

    def clean(self, error: Exception) -> None:
        """Take the secrets out of everything that an error carries."""
        error.args = self.tree(error.args)
        for name, value in vars(error).items():
            setattr(error, name, self.tree(value))


def _forms(secret: str) -> set[str]:
    """The ways a text shows up in messages of other programs."""
    forms = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    forms |= {repr(secret)[1:-1], quote(secret, safe=""), quote(secret)}
    if len(secret) > _SHORT:
        forms |= set(_in_base64(secret.encode()))
    return forms


def _in_base64(secret: bytes) -> Iterator[str]:
    """How bytes look in Base64, at the beginning and after others, as in ``user:password``.

    Further in, the first and last characters hold bits of neighbours and are left out.
    """
    yield base64.b64encode(secret).decode().rstrip("=")
    for before in range(3):
        after = -(before + len(secret)) % 3
        text = base64.b64encode(b"\0" * before + secret + b"\0" * after).decode()
        inner = text[(0, 2, 3)[before] : len(text) - (0, 2, 3)[after]]
        if len(inner) > _SHORT:
            yield inner
