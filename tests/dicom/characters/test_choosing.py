"""The character set that is declared is the one that systems of that language have."""

from __future__ import annotations

import pytest

from scenario_runner.dicom.characters.choosing import choose


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("MÜLLER^JÖRG", "ISO_IR 100"),
        ("KOZŁOWICZ^MICHAŁ", "ISO_IR 101"),
        ("AKSÖĞÜT^ŞAHİN", "ISO_IR 148"),
        ("ĈAPELO^KARLO", "ISO_IR 109"),
        ("Иванов^Иван", "ISO_IR 144"),
    ],
)
def test_names_are_in_the_usual_set_of_their_language(text: str, term: str) -> None:
    assert choose([text]) == (term,)
