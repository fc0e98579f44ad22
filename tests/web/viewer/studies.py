"""Studies for a viewer to show: each image carries its UIDs as a code, so a picture of the screen says what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.imaging.planned import builders, factory
from tests.planning import support

if TYPE_CHECKING:
    from tests.web.served import Served

SCENARIO = """
patients:
  - name: {family: CITIZEN, given: JANE}
    studies:
      - description: ct
        series:
          - {modality: CT, images: 24, size: [512, 512], burn_in: {code: qr}}
      - description: mg
        series:
          - {modality: MG, images: 1, view: CC, laterality: R, description: R CC, size: [512, 416], burn_in: {code: qr}}
          - {modality: MG, images: 1, view: CC, laterality: L, description: L CC, size: [512, 416], burn_in: {code: qr}}
          - {modality: MG, images: 1, view: MLO, laterality: R, description: R MLO, size: [512, 416], burn_in: {code: qr}}
          - {modality: MG, images: 1, view: MLO, laterality: L, description: L MLO, size: [512, 416], burn_in: {code: qr}}
      - description: us
        series:
          - {modality: US, phantom: us/doppler, images: 1, frames: 8, size: [480, 640], burn_in: {code: qr}}
      - description: pet
        series:
          - {modality: CT, images: 12, size: [256, 256], burn_in: {code: qr}}
          - {modality: PT, images: 12, size: [256, 256], burn_in: {code: qr}}
      - description: sr
        series:
          - {modality: CT, images: 2, size: [256, 256], burn_in: {code: qr}}
          - {modality: SR}
      - description: compressed
        series:
          - {modality: CT, images: 2, size: [512, 512], transfer_syntax: jpeg-2000-lossless, burn_in: {code: qr}}
          - {modality: MR, images: 2, size: [512, 512], transfer_syntax: jpeg-ls, burn_in: {code: qr}}
          - {modality: DX, images: 1, size: [640, 512], transfer_syntax: rle, burn_in: {code: qr}}
          - {modality: US, images: 1, size: [480, 640], transfer_syntax: jpeg-baseline, burn_in: {code: qr}}
      - description: overlay
        series:
          - {modality: CT, images: 1, size: [512, 512], burn_in: {as: overlay}}
      - description: document
        series:
          - {modality: CT, images: 1, size: [128, 128]}
          - {modality: DOC}
"""


@dataclass(frozen=True, slots=True)
class MadeSeries:
    """A series as it was made. uids: of its instances, in their order."""

    uid: str
    modality: str
    uids: list[str]


@dataclass(frozen=True, slots=True)
class MadeStudy:
    """A study as it was made."""

    uid: str
    series: list[MadeSeries]


def stored(service: Served, text: str = SCENARIO, seed: int = 5) -> dict[str, MadeStudy]:
    """The studies of a scenario, by their descriptions, uploaded to a service."""
    kinds = {kind: builder.defaults for kind, builder in sorted(builders().items())}
    made, found = factory(), {}
    (case,) = support.plan(text, modalities=kinds, seed=seed)
    with TemporaryDirectory() as name:
        for patient in case.patients:
            for study in patient.studies:
                series = []
                files: list[Path] = []
                for one in study.series:
                    images = list(one.images)
                    series.append(MadeSeries(one.uid, one.modality, [each.uid for each in images]))
                    for image in images:
                        files.append(Path(name, f"{image.uid}.dcm"))
                        made.instance(image).write(files[-1])
                upload(service, files)
                found[study.description] = MadeStudy(study.uid, series)
    return found


def upload(service: Served, files: list[Path]) -> None:
    """Files into a service, some at a time."""
    for start in range(0, len(files), 100):
        parts = [("files", (one.name, one.read_bytes())) for one in files[start : start + 100]]
        answer = service.client.post(f"{service.api}/upload-multiple", files=parts)
        assert answer.json()["status"] == "success", answer.text[:2000]
