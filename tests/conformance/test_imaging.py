"""What our own imaging room makes has no finding at all, not even a warning."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING

import pytest

from scenario_runner.conformance.reader import read_stream
from scenario_runner.conformance.standard import Standard, judge
from tests.imaging.planned import EXPLICIT, IMPLICIT, builders, factory, plan_series

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.conformance.api import Finding
    from scenario_runner.imaging.instance import Instance

NAMES = {
    "ascii": "CITIZEN^JANE",
    "latin": "Müller^Jürgen",
    "japanese": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "korean": "Hong^Gildong=洪^吉洞=홍^길동",
    "chinese": "Zhang^XiaoDong=张^小东=",
    "arabic": "محمد^علي",
    "cyrillic": "Иванова^Анна",
    "greek": "Διονυσιος",
}


def found(instance: Instance) -> list[Finding]:
    return judge(read_stream(io.BytesIO(b"".join((instance.meta, *instance.buffers)))))


@pytest.mark.parametrize("script", NAMES)
@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("modality", ["CR", "CT", "DX"])
def test_an_object_of_ours_has_no_finding(modality: str, syntax: str, script: str) -> None:
    series = plan_series(modality, size=(64, 64), name=NAMES[script], transfer_syntax_uid=syntax)
    assert found(factory().instance(series.images[1])) == []


@pytest.mark.parametrize("modality", sorted(builders()))
def test_every_modality_has_no_finding(modality: str) -> None:
    series = plan_series(modality, size=(64, 64), images=2)
    assert found(factory().instance(series.images[0])) == []


@pytest.mark.parametrize("term", ["ISO_IR 192", "GB18030"])
def test_a_character_set_that_was_asked_for_is_kept_to(term: str) -> None:
    series = plan_series(
        "CT", size=(64, 64), name=NAMES["chinese"], patient={"character_set": (term,)}
    )
    assert found(factory().instance(series.images[0])) == []


@pytest.mark.parametrize("modality", ["CR", "CT", "DX", "MR"])
@pytest.mark.parametrize("part", ["HAND", "KNEE", "CHEST", "SKULL", "BREAST"])
def test_body_parts_get_the_side_they_need(modality: str, part: str) -> None:
    series = plan_series(modality, size=(64, 64), body_part=part)
    assert found(factory().instance(series.images[0])) == []


@pytest.mark.parametrize("days", [0, 3, 59, 61, 364, 800, 40_000])
def test_the_age_agrees_whatever_it_is(days: int) -> None:
    born = dt.date(2026, 1, 30) - dt.timedelta(days)
    series = plan_series("CR", size=(64, 64), patient={"birth_date": born})
    assert found(factory().instance(series.images[0])) == []


def test_a_study_of_ours_agrees_with_itself(tmp_path: Path) -> None:
    files: list[Path] = []
    for number, modality in enumerate(("CT", "CR", "MR"), start=1):
        series = plan_series(modality, size=(64, 64), number=number, images=5)
        for instance in factory().instances(series.images):
            files.append(tmp_path / f"{len(files)}.dcm")
            instance.write(files[-1])
    assert Standard().check_study(files) == []
    assert len(files) == 15
