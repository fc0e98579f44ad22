"""The table of usual objects: one of every kind, as a scenario makes it that sets nothing.

``python -m scenario_runner.reference.usual_objects`` writes it where planning reads it.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from base64 import b64encode
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.app.load import Sources, load
from scenario_runner.app.plans import Moment, preview_all, require_plannable
from scenario_runner.dicom.element_heads import PIXEL_DATA
from scenario_runner.dicom.one_element import value_span
from scenario_runner.imaging.factory import InstanceFactory
from scenario_runner.imaging.modalities import defaults
from scenario_runner.planning.usual_objects import FILE, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.imaging.instance import Instance
    from scenario_runner.planning.api import ModalityDefaults

_HEADING: Final = (
    "# The usual object of every kind, made by scenario_runner/reference/usual_objects.py:\n"
    "# its key, the length of its pixel data, and the file without that in base64.\n"
)
_MOMENT: Final = Moment(
    run_id="usual-objects",
    seed=0,
    forced=True,
    now=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
)


def table() -> str:
    """The rows below their heading."""
    return _HEADING + "".join("\t".join(row) + "\n" for row in sorted(_rows()))


def _rows() -> Iterator[tuple[str, str, str]]:
    """One row for each class of each kind."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "usual.yaml")
        path.write_text(json.dumps(_scenario()), encoding="utf-8")
        loaded = load(Sources(paths=[path]))
    plugins = loaded.plugins
    factory = InstanceFactory(
        plugins.named("fabricate_iod_builders"), plugins.named("fabricate_phantoms")
    )
    plans = preview_all(require_plannable(loaded, loaded.scenarios, _MOMENT), ":memory:")
    (patient,) = plans.jobs[0].case.patients
    images, others = patient.studies
    for series in (*images.series, *others.series[1:]):
        head, length = _without_pixels(factory.instance(series.images[0]))
        yield name_of(series.kind, series.sop_class_uid), str(length), b64encode(head).decode()


def _scenario() -> dict[str, Any]:
    images = [each for kind in defaults.ALL if kind.has_pixels for each in _series(kind)]
    ct = next(_series(defaults.CT))
    others = [ct, *(one for kind in defaults.ALL if not kind.has_pixels for one in _series(kind))]
    when = {"date": "20260101", "time": "12:00"}
    studies = [{**when, "series": series} for series in (images, others)]
    patient = {"tags": {"SoftwareVersions": "1"}, "birth_date": "19700101", "studies": studies}
    return {
        "schema": "scenario/v1",
        "name": "usual",
        "patients": [patient],
        "steps": [{"generate": {}}],
    }


def _series(kind: ModalityDefaults) -> Iterator[dict[str, Any]]:
    for uid in kind.sop_class_uids:
        made: dict[str, Any] = {"modality": kind.modality, "images": 1, "sop_class": uid}
        if kind.has_pixels:
            made["size"] = [64, 64]
        if kind.frames > 1 or (uid == kind.multiframe_sop_class_uid):
            made["frames"] = 2
        yield made


def _without_pixels(instance: Instance) -> tuple[bytes, int]:
    """The file up to its pixel data, and how many bytes those have."""
    data = b"".join(instance.buffers)
    span = value_span(data, instance.transfer_syntax_uid, PIXEL_DATA)
    if span is None:
        return instance.meta + data, 0
    begin, end = span
    return instance.meta + data[: begin - _HEAD], end - begin


_HEAD: Final = 12
"""Bytes before the value of an element of 32 bits of length (PS3.5 7.1.2)."""


if __name__ == "__main__":
    FILE.write_text(table(), encoding="ascii", newline="\n")
    sys.exit()
