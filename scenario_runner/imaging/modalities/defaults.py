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

MR = ModalityDefaults(
    modality="MR",
    sop_class_uid="1.2.840.10008.5.1.4.1.1.4",
    images=25,
    rows=256,
    columns=256,
    body_part="BRAIN",
    description="T2 transverse",
    protocol="Brain routine",
)

MG = ModalityDefaults(
    modality="MG",
    sop_class_uid="1.2.840.10008.5.1.4.1.1.1.2",
    images=1,
    rows=4096,
    columns=3328,
    body_part="BREAST",
    description="Mammography",
    protocol="Screening",
)

US = ModalityDefaults(
    modality="US",
    sop_class_uid="1.2.840.10008.5.1.4.1.1.6.1",
    multiframe_sop_class_uid="1.2.840.10008.5.1.4.1.1.3.1",
    images=1,
    rows=480,
    columns=640,
    body_part="ABDOMEN",
    description="Abdomen",
    protocol="Abdomen",
)

ALL = (CR, CT, DX, MG, MR, US)
