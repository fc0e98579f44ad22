"""What a series is when the scenario does not say. Light: ``validate`` reads this."""

from __future__ import annotations

from scenario_runner.planning.api import ModalityDefaults

CR = ModalityDefaults(
    modality="CR",
    sop_class_uid="1.2.840.10008.5.1.4.1.1.1",
    images=1,
    rows=2048,
    columns=2048,
    body_part="CHEST",
    description="Chest PA",
    protocol="Chest PA",
    view="PA",
)

DX = ModalityDefaults(
    modality="DX",
    sop_class_uid="1.2.840.10008.5.1.4.1.1.1.1",
    images=1,
    rows=2048,
    columns=2048,
    body_part="CHEST",
    description="Chest PA",
    protocol="Chest PA",
    view="PA",
)

CT = ModalityDefaults(
    modality="CT",
    sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
    images=30,
    rows=512,
    columns=512,
    body_part="ABDOMEN",
    description="Abdomen",
    protocol="Abdomen routine",
)
