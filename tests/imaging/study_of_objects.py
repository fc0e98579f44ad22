"""A whole study planned from a scenario, for objects that refer to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.imaging.built_in import fabricate_faults
from tests.imaging.planned import builders, factory
from tests.planning import support

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from scenario_runner.imaging.instance import Instance
    from scenario_runner.planning.api import ModalityDefaults
    from scenario_runner.planning.plan import PlannedStudy

EVERYTHING = """
          - {modality: CT, images: 4, size: [64, 64]}
          - {modality: US, frames: 3, size: [64, 64]}
          - {modality: DX, size: [64, 64], images: 2}
          - {modality: CT, sop_class: EnhancedCTImageStorage, frames: 3, images: 2, size: [64, 64]}
          - {modality: SR}
          - {modality: SR, sop_class: comprehensive SR, images: 2}
          - {modality: KO}
          - {modality: PR}
          - {modality: DOC}
"""


def plan_study(
    series: str,
    patient: str = "name: CITIZEN^JANE",
    kinds: Mapping[str, ModalityDefaults] | None = None,
) -> PlannedStudy:
    """The one study of a scenario with this list of series."""
    text = f"patients:\n  - {patient}\n    studies:\n      - series:{series}"
    kinds = kinds or {key: builder.defaults for key, builder in builders().items()}
    faults = {fault.name: fault.facts for fault in fabricate_faults()}
    return support.plan(text, modalities=kinds, faults=faults)[0].patients[0].studies[0]


def instances(study: PlannedStudy) -> list[Instance]:
    """All objects of a study."""
    made = factory()
    return [made.instance(image) for series in study.series for image in series.images]


def write_all(study: PlannedStudy, folder: Path) -> list[Path]:
    """The same as files."""
    files = []
    for instance in instances(study):
        assert instance.image is not None
        files.append(folder / f"{instance.image.id}.dcm")
        instance.write(files[-1])
    return files
