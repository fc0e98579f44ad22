"""An answer without letters that its character set lacks is told from one about something else."""

from __future__ import annotations

import pytest

from scenario_runner.api.asking import _lost_letters


@pytest.mark.parametrize(
    ("asked", "answered", "lost"),
    [
        ("Müller", "M?ller", True),
        ("Müller", "M\N{REPLACEMENT CHARACTER}ller", True),
        ("Müller^Łukasz", "Müller^?ukasz", True),
        ("王^小东", "??^??", True),
        ("王^小东", "李^四", False),
        ("Müller", "MÜLLER", False),
        ("Müller", "Müller^Eva", False),
        ("Muller", "M?ller", False),
    ],
)
def test_other_letters_in_their_place_are_another_answer(
    asked: str, answered: str, *, lost: bool
) -> None:
    assert _lost_letters(asked, answered) is lost
