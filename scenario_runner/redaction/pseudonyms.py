"""Many values, each replaced by its own word, however it is written: what people are called in evidence for others."""

from __future__ import annotations

import re
from collections import defaultdict

from scenario_runner.redaction import MASK
from scenario_runner.redaction.forms import Form, forms_of
from scenario_runner.redaction.unfolding import Layer, has_escapes, layers

_GRAM = 4
"""Characters by which a form is found that may stand in a text."""
_LEAST_WORD = 3
"""Letters of a part of a name that is looked for by itself; ``Li`` would be found in every second sentence."""
_UID = re.compile(r"(?<![\d.])[0-2](?:\.\d+){2,}(?![\d])")
_WORD = re.compile(r"\w+")
_HEXADECIMAL = re.compile(r"(?:(?:0x)?[0-9a-f]{2}[\s:,\-]{0,3}){4}", re.IGNORECASE)
_BYTE = re.compile(r"\(\?:0x\)\?([0-9a-f]{2})")
"""A byte in the source of a form in hexadecimal."""
_BETWEEN = re.compile(r"0x|[\s:,\-]")
_DIGITS = 6
"""Digits by which a form in hexadecimal is found."""
_MOST_REMEMBERED = 100_000


class Pseudonyms:
    """Values and what stands in their place. Unlike a ``Redactor``, it stays quick with a hundred thousand of them."""

    def __init__(self) -> None:
        self._whole: dict[str, str] = {}
        """Value to its word, where the text is nothing else."""
        self._uids: dict[str, str] = {}
        self._by_gram: dict[str, list[tuple[Form, str]]] = defaultdict(list)
        self._by_word: dict[str, list[tuple[Form, str]]] = defaultdict(list)
        self._hexadecimal: dict[str, list[tuple[Form, str]]] = defaultdict(list)
        self._foreign: list[tuple[Form, str]] = []
        """Forms without a letter of ASCII."""
        self._first: dict[str, tuple[Form, str]] = {}
        """Form and word by what the form always matches."""
        self._ambiguous: set[str] = set()
        """What several values have in common, such as a given name, or how they begin."""
        self._remembered: dict[str, str] = {}

    def __contains__(self, value: str) -> bool:
        return value in self._whole or value in self._uids

    def uid(self, value: str, word: str) -> None:
        """Replace a UID; in a text it is found as a whole."""
        self._uids.setdefault(value, word)
        self._remembered.clear()

    def value(self, value: str, word: str) -> None:
        """Replace a value. The first word given to it stays."""
        if not value or value in self._whole:
            return
        self._whole[value] = word
        for form in forms_of(value):
            self._place(form, word)
        self._remembered.clear()

    def part(self, value: str, word: str) -> None:
        """Replace a part of a name where it stands as a word; one that is too short is left alone."""
        if value.isascii():
            if len(value) >= _LEAST_WORD:
                exact = re.escape(value)
                pattern = rf"(?<![^\W_]){exact}(?![^\W_])"
                self._place(Form(pattern, value.lower(), len(value), any_case=True), word)
                self._remembered.clear()
        elif len(value) > 1:
            # Scripts without blanks have no words to be one of.
            self._place(Form(re.escape(value), value.lower(), len(value), any_case=True), word)
            self._remembered.clear()

    def _place(self, form: Form, word: str) -> None:
        always = form.stem or form.source
        first, its_word = self._first.setdefault(always, (form, word))
        if first is not form:
            if its_word != word:
                self._ambiguous.add(always)
                if form.stem:
                    first.widen()
            return
        probe = form.probe.lower()
        if len(probe) >= _GRAM:
            # The last ones: numbers of one hospital begin alike.
            self._by_gram[probe[-_GRAM:]].append((form, word))
        elif not probe.isascii() or not probe:
            self._foreign.append((form, word))
        elif form.source.startswith("(?:0x)?"):
            digits = "".join(_BYTE.findall(form.source))
            self._hexadecimal[digits[-_DIGITS:]].append((form, word))
        else:
            self._by_word[_WORD.findall(probe)[0] if _WORD.search(probe) else probe].append(
                (form, word)
            )

    def text(self, text: str) -> str:
        """The text with every value replaced."""
        if not text:
            return text
        if (known := self._remembered.get(text)) is not None:
            return known
        made = self._whole.get(text) or self._uids.get(text) or self._replaced(text)
        if len(self._remembered) < _MOST_REMEMBERED:
            self._remembered[text] = made
        return made

    def _replaced(self, text: str) -> str:
        found: list[tuple[int, int, int, str]] = []
        for layer in layers(text) if has_escapes(text) else (Layer(text),):
            found += self._found(layer)
        if not found:
            return text
        pieces, end = [], 0
        for start, _, stop, word in sorted(found, key=lambda one: one[:3]):
            if start >= end:
                pieces += [text[end:start], word]
                end = -stop
            else:
                end = max(end, -stop)
        return "".join([*pieces, text[end:]])

    def _found(self, layer: Layer) -> list[tuple[int, int, int, str]]:
        """Where something stands: start, 0 for what is exact and 1 for what is alike, the end as a negative, word."""
        found = []
        for match in _UID.finditer(layer.text):
            if (word := self._uids.get(match[0])) is not None:
                start, stop = layer.place(*match.span())
                found.append((start, 0, -stop, word))
        seen: set[int] = set()
        for form, word in self._candidates(layer):
            if id(form) in seen:
                continue
            seen.add(id(form))
            if (form.stem or form.source) in self._ambiguous:
                word = MASK  # nobody knows of whom it is
            for span in form.spans(layer):
                start, stop = layer.place(*span)
                found.append((start, int(form.any_case), -stop, word))
        return found

    def _candidates(self, layer: Layer) -> list[tuple[Form, str]]:
        lower = layer.lower
        grams = {lower[at : at + _GRAM] for at in range(len(lower) - _GRAM + 1)}
        found = [one for gram in grams & self._by_gram.keys() for one in self._by_gram[gram]]
        if self._by_word:
            words = {*_WORD.findall(lower), *lower.split()}
            found += [one for word in words & self._by_word.keys() for one in self._by_word[word]]
        if not lower.isascii():
            found += self._foreign
        if self._hexadecimal and _HEXADECIMAL.search(lower):
            digits = _BETWEEN.sub("", lower)
            grams = {digits[at : at + _DIGITS] for at in range(len(digits) - _DIGITS + 1)}
            known = grams & self._hexadecimal.keys()
            found += [one for gram in known for one in self._hexadecimal[gram]]
        return found
