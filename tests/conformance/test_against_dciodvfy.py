"""Where dciodvfy finds an error in a broken object of ours, our own rules find one too."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from scenario_runner.conformance.elements import name_of
from scenario_runner.conformance.outside.dciodvfy import Dciodvfy
from scenario_runner.conformance.reader import read_stream
from scenario_runner.conformance.standard import Standard
from tests.conformance import objects
from tests.imaging.planned import factory, plan_series

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scenario_runner.conformance.api import Finding, Validator

WRONG = [b"ZZ", b"lower case", b"-1", b"9" * 26]
SILENT = {
    # Without a body part nobody knows whether it is paired; dciodvfy takes it that it is.
    "without BodyPartExamined",
    "BodyPartExamined b'ZZ'",
}


def unbroken(modality: str) -> objects.Object:
    instance = factory().instance(plan_series(modality, size=(64, 64)).images[0])
    stream = io.BytesIO(b"".join((instance.meta, *instance.buffers)))
    return objects.read_back(read_stream(stream).data)


def broken(whole: objects.Object) -> Iterator[tuple[str, objects.Object]]:
    """Without each attribute in turn, then with values of every fifth that its VR does not allow."""
    keep = [objects.tag(name) for name in ("SOPClassUID", "SOPInstanceUID", "PixelData")]
    for n, (number, value) in enumerate(whole.items()):
        if number in keep:
            continue
        name = name_of(number)
        yield f"without {name}", {tag: each for tag, each in whole.items() if tag != number}
        if n % 5 == 0 and isinstance(value, tuple) and value[0] in ("CS", "DS", "IS", "DA", "TM"):
            for wrong in WRONG:
                yield f"{name} {wrong!r}", {**whole, number: (value[0], wrong)}


def errors(validator: Validator, file: Path) -> list[Finding]:
    return [finding for finding in validator.check(file) if finding.severity == "error"]


@pytest.mark.peer
@pytest.mark.parametrize("modality", ["CR", "CT", "DX"])
def test_ours_is_not_silent_where_dciodvfy_errs(modality: str, tmp_path: Path) -> None:
    whole = unbroken(modality)
    file = objects.write(tmp_path / "whole.dcm", whole)
    assert errors(Dciodvfy(), file) == errors(Standard(), file) == []
    silent, agreed = [], 0
    for what, made in broken(whole):
        file = objects.write(tmp_path / "broken.dcm", made)
        if errors(Dciodvfy(), file):
            if errors(Standard(), file):
                agreed += 1
            elif what not in SILENT:
                silent.append(what)
    assert silent == []
    assert agreed > 30
