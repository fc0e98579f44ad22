"""The quick way of encoding gives, byte for byte, what pydicom would write."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import DataElement, Dataset, FileMetaDataset, dcmread, dcmwrite
from pydicom.datadict import dictionary_VR
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from scenario_runner.dicom.syntaxes import Encoding
from scenario_runner.imaging.encoding.elements import ElementEncoder
from tests.imaging.planned import EXPLICIT, IMPLICIT, builders, factory, plan_series

BIG = "1.2.840.10008.1.2.2"


def written_by_pydicom(dataset: Dataset, syntax: str) -> bytes:
    stream = BytesIO()
    meta = FileMetaDataset()
    for element in dataset.file_meta:
        meta.add(element)
    copy = Dataset()
    for tag in dataset.keys():  # noqa: SIM118
        copy[tag] = dataset[tag]
    copy.file_meta = meta
    dcmwrite(
        stream,
        copy,
        implicit_vr=syntax == IMPLICIT,
        little_endian=syntax != BIG,
        enforce_file_format=True,
    )
    return stream.getvalue()


NAMES = st.sampled_from(
    ["CITIZEN^JANE", "Buc^Jérôme", "Иванова^Анна", "Διονυσιος", "Yamada^Tarou=山田^太郎=やまだ^たろう",
     "Hong^Gildong=洪^吉洞=홍^길동", "محمد^علي", "สมชาย^ใจดี", "Zhang^XiaoDong=张^小东", "A"]
)  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    modality=st.sampled_from(sorted(builders())),
    syntax=st.sampled_from([EXPLICIT, IMPLICIT, BIG]),
    name=NAMES,
    birth=st.dates(dt.date(1900, 1, 1), dt.date(2026, 1, 29)),
    accession=st.text("ABC0123456789", min_size=1, max_size=16),
    seed=st.integers(0, 2**63 - 1),
    index=st.integers(0, 11),
    size=st.tuples(st.integers(16, 70), st.integers(16, 70)),
    burn_in=st.booleans(),
)
def test_an_instance_equals_what_pydicom_writes(
    modality: str,
    syntax: str,
    name: str,
    birth: dt.date,
    accession: str,
    seed: int,
    index: int,
    size: tuple[int, int],
    burn_in: bool,
) -> None:
    series = plan_series(
        modality,
        images=12,
        name=name,
        patient={"birth_date": birth},
        study={"accession": accession},
        size=size,
        transfer_syntax_uid=syntax,
        burn_in=burn_in,
        phantom="qa/gradient",
        frames=min(2, builders()[modality].defaults.frames),
        seed=seed % 10**9,
    )
    instance = factory().instance(series.images[index])
    ours = instance.meta + b"".join(instance.buffers)
    read = dcmread(BytesIO(ours))
    assert ours == written_by_pydicom(read, syntax)
    assert str(read.PatientName) == name
    assert read.AccessionNumber == accession
    assert read.SOPInstanceUID == series.images[index].uid
    assert "Rows" not in read or read.pixel_array.shape[-2:] == size


@pytest.mark.parametrize(
    "encoding", [Encoding(), Encoding(implicit=True), Encoding(little=False)], ids=repr
)
@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("SOPInstanceUID", "1.2.3"),
        ("SOPInstanceUID", "1.2.34"),
        ("InstanceNumber", 7),
        ("ImagePositionPatient", ["-1.5", "0", "33.25"]),
        ("AcquisitionDate", "20260131"),
        ("ImageComments", "odd"),
        ("PatientName", "山田^太郎"),
        ("StudyDescription", "Büro"),
        ("RecommendedDisplayFrameRate", 25),
        ("Rows", 512),
        ("FrameTimeVector", ["1", "2"]),
        ("PixelData", b"\0\1"),
        ("GridFrameOffsetVector", ["0", "1.5"]),
        ("DiffusionBValue", 1000.5),
        ("ReferencedFrameNumber", [1, 2, 3]),
    ],
)
def test_one_element_encodes_as_pydicom_does(keyword: str, value: Any, encoding: Encoding) -> None:
    terms = ["ISO_IR 192"]
    tag = DataElement(keyword, "LO", "").tag
    vr = dictionary_VR(keyword).split(" or ", maxsplit=1)[0]
    quick = ElementEncoder(int(tag), vr, encoding, terms)(value)
    dataset = Dataset()
    dataset.add(DataElement(tag, vr, value))
    stream = DicomBytesIO()
    stream.is_implicit_VR, stream.is_little_endian = encoding.implicit, encoding.little
    write_dataset(stream, dataset, terms)
    assert quick == stream.getvalue()


def test_file_meta_names_this_program_and_the_right_syntax() -> None:
    instance = factory().instance(plan_series("CT", size=(32, 32)).images[0])
    meta = dcmread(BytesIO(instance.meta + b"".join(instance.buffers))).file_meta
    assert meta.TransferSyntaxUID == EXPLICIT == instance.transfer_syntax_uid
    assert meta.MediaStorageSOPInstanceUID == instance.sop_instance_uid
    assert meta.ImplementationClassUID.startswith("2.25.")
    assert len(meta.ImplementationClassUID) <= 64
    assert meta.ImplementationVersionName == "FABRICATOR_0"
