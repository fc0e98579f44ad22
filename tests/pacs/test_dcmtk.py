"""DCMTK's own clients against the embedded PACS."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from pydicom import dcmread
from pydicom.uid import JPEGLSLossless, RLELossless

from scenario_runner.archive.archive import Archive
from scenario_runner.archive.index import Entry
from scenario_runner.dicom.part10 import read_meta
from scenario_runner.pacs.server import EmbeddedPacs
from tests.archive.samples import CT_IMAGE, EXPLICIT, IMPLICIT, Sample, encoded, put, sample, write

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.pacs.conftest import Dcmtk

pytestmark = pytest.mark.peer

JAPANESE = "Yamada^Tarou=山田^太郎=やまだ^たろう"


def folder_of(samples: Iterable[Sample], folder: Path) -> Path:
    folder.mkdir()
    for one in samples:
        write(one, folder)
    return folder


def responses(output: str) -> list[dict[str, str]]:
    """The identifiers findscu printed: keyword to value."""
    found: list[dict[str, str]] = []
    for line in output.splitlines():
        if "Find Response:" in line and "Pending" in line:
            found.append({})
        elif found and (element := re.search(r"\) [A-Z]{2} \[(.*?)\s*\]\s*#.*? (\w+)$", line)):
            found[-1][element[2]] = element[1].strip(" \0")
        elif found and (element := re.search(r"\) US (\d+)\s+#.*? (\w+)$", line)):
            found[-1][element[2]] = element[1]
    return found


def keys(**wanted: str) -> list[str]:
    return [part for key, value in wanted.items() for part in ("-k", f"{key}={value}")]


@pytest.fixture
def filled(pacs: EmbeddedPacs) -> EmbeddedPacs:
    """Three studies: JANE's CT with two series, JOHN's MR, and a Japanese one."""
    for series, number in ((1, 1), (1, 2), (2, 1)):
        put(pacs.archive, sample("1.2.3", series, number))
    put(
        pacs.archive,
        sample(
            "1.2.4",
            Modality="MR",
            StudyDate="20250601",
            PatientID="PID2",
            PatientName="MUSTER^JOHN",
        ),
    )
    put(
        pacs.archive,
        sample(
            "1.2.5",
            PatientID="PID3",
            SpecificCharacterSet=["", "ISO 2022 IR 87"],
            PatientName=JAPANESE,
            StudyDate="20240601",
        ),
    )
    return pacs


def ask(
    dcmtk: Dcmtk, pacs: EmbeddedPacs, *options: str, model: str = "-S", **wanted: str
) -> list[dict[str, str]]:
    run = dcmtk(
        "findscu", "-v", model, *options, *keys(**wanted), pacs.host, str(pacs.port)
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "Received Final Find Response (Success)" in run.stdout + run.stderr
    return responses(run.stdout + run.stderr)


def test_echoscu_is_answered(dcmtk: Dcmtk, pacs: EmbeddedPacs) -> None:
    run = dcmtk("echoscu", "-v", pacs.host, str(pacs.port))
    assert run.returncode == 0, run.stderr
    assert "Received Echo Response (Success)" in run.stdout + run.stderr


@pytest.mark.parametrize(
    ("wanted", "uids"),
    [
        ({}, {"1.2.3", "1.2.4", "1.2.5"}),
        ({"PatientName": "citizen^jane"}, {"1.2.3"}),
        ({"PatientName": "M*^JOH?"}, {"1.2.4"}),
        ({"StudyDate": "20250101-20261231"}, {"1.2.3", "1.2.4"}),
        ({"StudyDate": "-20241231"}, {"1.2.5"}),
        ({"StudyTime": "0900-0959", "PatientID": "PID1"}, {"1.2.3"}),
        ({"ModalitiesInStudy": "MR"}, {"1.2.4"}),
        ({"AccessionNumber": "NONE"}, set()),
    ],
)
def test_findscu_finds_studies(
    dcmtk: Dcmtk, filled: EmbeddedPacs, wanted: dict[str, str], uids: set[str]
) -> None:
    found = ask(dcmtk, filled, QueryRetrieveLevel="STUDY", **{"StudyInstanceUID": "", **wanted})
    assert {one["StudyInstanceUID"] for one in found} == uids


def test_findscu_finds_a_list_of_uids(dcmtk: Dcmtk, filled: EmbeddedPacs) -> None:
    found = ask(dcmtk, filled, QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.4\\1.2.5\\1.9")
    assert {one["StudyInstanceUID"] for one in found} == {"1.2.4", "1.2.5"}


def test_findscu_walks_down_all_levels_of_both_models(dcmtk: Dcmtk, filled: EmbeddedPacs) -> None:
    patients = ask(
        dcmtk, filled, model="-P", QueryRetrieveLevel="PATIENT", PatientID="PID1", PatientName="",
        NumberOfPatientRelatedInstances="",
    )  # fmt: skip
    assert [one["NumberOfPatientRelatedInstances"] for one in patients] == ["3"]
    series = ask(
        dcmtk, filled, QueryRetrieveLevel="SERIES", StudyInstanceUID="1.2.3", SeriesInstanceUID="",
        Modality="CT", NumberOfSeriesRelatedInstances="",
    )  # fmt: skip
    assert {one["NumberOfSeriesRelatedInstances"] for one in series} == {"1", "2"}
    images = ask(
        dcmtk, filled, model="-P", QueryRetrieveLevel="IMAGE", PatientID="PID1",
        StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.3.1", SOPInstanceUID="", Rows="",
    )  # fmt: skip
    assert {(one["SOPInstanceUID"], one["Rows"]) for one in images} == {
        ("1.2.3.1.1", "8"), ("1.2.3.1.2", "8"),
    }  # fmt: skip


def test_findscu_matches_a_sequence(dcmtk: Dcmtk, filled: EmbeddedPacs, tmp_path: Path) -> None:
    from pydicom import Dataset

    request = Dataset()
    request.ScheduledProcedureStepID = "S1"
    put(filled.archive, sample("1.2.6", RequestAttributesSequence=[request]))
    path = "(0040,0275)[0].(0040,0009)"
    for step, count in (("S?", 1), ("T*", 0)):
        found = ask(
            dcmtk, filled, "-k", f"{path}={step}", QueryRetrieveLevel="STUDY", StudyInstanceUID=""
        )
        assert len(found) == count


def test_findscu_is_told_why_a_query_without_a_unique_key_fails(
    dcmtk: Dcmtk, filled: EmbeddedPacs
) -> None:
    run = dcmtk(
        "findscu", "-d", "-S", *keys(QueryRetrieveLevel="SERIES", SeriesInstanceUID=""),
        filled.host, str(filled.port),
    )  # fmt: skip
    assert "0xa900" in (run.stdout + run.stderr).lower()
    assert "StudyInstanceUID needs a single value" in run.stdout + run.stderr


def test_findscu_cancels(dcmtk: Dcmtk, filled: EmbeddedPacs) -> None:
    with filled.archive.index.transaction():
        for number in range(20_000):
            uids = {"StudyInstanceUID": f"1.3.{number}", "SeriesInstanceUID": f"1.3.{number}.1"}
            uids |= {"SOPInstanceUID": f"1.3.{number}.1.1", "SOPClassUID": CT_IMAGE}
            filled.archive.index.add(Entry(uids, "", EXPLICIT, f"objects/none/{number}.dcm", 0))
    run = dcmtk(
        "findscu", "-v", "-S", "--cancel", "3", *keys(QueryRetrieveLevel="STUDY", StudyInstanceUID=""),
        filled.host, str(filled.port),
    )  # fmt: skip
    assert "Cancel" in run.stdout + run.stderr
    assert 3 <= len(responses(run.stdout + run.stderr)) < 20_003


def test_dcmsend_stores_and_getscu_gets_the_same_bytes(
    dcmtk: Dcmtk, pacs: EmbeddedPacs, tmp_path: Path
) -> None:
    sent = {
        one.sop_instance_uid: one
        for one in (sample(series=n % 2 + 1, number=n, size=64) for n in range(1, 31))
    }
    folder = folder_of(sent.values(), tmp_path / "out")
    run = dcmtk("dcmsend", pacs.host, str(pacs.port), "--scan-directories", folder)
    assert run.returncode == 0, run.stderr
    assert pacs.archive.counts().instances == 30
    got = tmp_path / "got"
    got.mkdir()
    run = dcmtk(
        "getscu", "-v", "-S", "-od", got, *keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.3"),
        pacs.host, str(pacs.port),
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    for located in pacs.archive.instances():
        assert pacs.archive.data(located) == sent[located.sop_instance_uid].data
    received = [dcmread(file) for file in got.iterdir()]
    assert len(received) == 30
    for ds in received:
        assert ds == dcmread(BytesIO(sent[str(ds.SOPInstanceUID)].file))


@pytest.mark.parametrize("model", ["-S", "-P"])
@pytest.mark.parametrize(
    ("level", "count", "given"),
    [
        ("SERIES", 2, {"SeriesInstanceUID": "1.2.3.1"}),
        ("IMAGE", 1, {"SeriesInstanceUID": "1.2.3.1", "SOPInstanceUID": "1.2.3.1.2"}),
    ],
)
def test_getscu_gets_just_the_series_or_image(
    dcmtk: Dcmtk,
    filled: EmbeddedPacs,
    tmp_path: Path,
    model: str,
    level: str,
    count: int,
    given: dict[str, str],
) -> None:
    run = dcmtk(
        "getscu", model, "-od", tmp_path,
        *keys(QueryRetrieveLevel=level, PatientID="PID1", StudyInstanceUID="1.2.3", **given),
        filled.host, str(filled.port),
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert len([path for path in tmp_path.iterdir() if path.is_file()]) == count


def test_an_image_stored_in_implicit_vr_is_got_in_explicit_vr(
    dcmtk: Dcmtk, pacs: EmbeddedPacs, tmp_path: Path
) -> None:
    one = sample(transfer_syntax=IMPLICIT)
    put(pacs.archive, one)
    run = dcmtk(
        "getscu", "-S", "+xe", "-od", tmp_path,
        *keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.3"), pacs.host, str(pacs.port),
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    (file,) = (path for path in tmp_path.iterdir() if path.is_file())
    ds = dcmread(file)
    assert ds.file_meta.TransferSyntaxUID == EXPLICIT
    assert ds == dcmread(BytesIO(one.file))


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless])
def test_compressed_images_are_stored_as_they_came(
    dcmtk: Dcmtk, pacs: EmbeddedPacs, tmp_path: Path, syntax: str
) -> None:
    plain = write(sample(size=64), tmp_path)
    compressed = tmp_path / "compressed.dcm"
    program = {RLELossless: "dcmcrle", JPEGLSLossless: "dcmcjpls"}[syntax]  # type: ignore[index]
    assert dcmtk(program, plain, compressed).returncode == 0
    run = dcmtk("dcmsend", pacs.host, str(pacs.port), compressed)
    assert run.returncode == 0, run.stderr
    (located,) = pacs.archive.instances()
    assert located.transfer_syntax_uid == syntax
    content = compressed.read_bytes()
    assert pacs.archive.data(located) == content[read_meta(content).data_offset :]


def test_getscu_that_would_rather_have_jpeg_gets_what_is_not_compressed_too(
    dcmtk: Dcmtk, pacs: EmbeddedPacs, tmp_path: Path
) -> None:
    for one in (sample(number=1), sample(number=2, transfer_syntax=IMPLICIT)):
        put(pacs.archive, one)
    run = dcmtk(
        "getscu", "-S", "+xs", "-od", tmp_path,
        *keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.3"), pacs.host, str(pacs.port),
    )  # fmt: skip
    assert "Failed" not in run.stderr
    assert len([path for path in tmp_path.iterdir() if path.is_file()]) == 2


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless])
def test_getscu_gets_compressed_images_uncompressed_if_it_takes_nothing_else(
    dcmtk: Dcmtk, pacs: EmbeddedPacs, tmp_path: Path, syntax: str
) -> None:
    one = sample(size=64)
    compressed, got = tmp_path / "compressed.dcm", tmp_path / "got"
    got.mkdir()
    program = {RLELossless: "dcmcrle", JPEGLSLossless: "dcmcjpls"}[syntax]  # type: ignore[index]
    assert dcmtk(program, write(one, tmp_path), compressed).returncode == 0
    assert dcmtk("dcmsend", pacs.host, str(pacs.port), compressed).returncode == 0
    run = dcmtk(
        "getscu", "-S", "+xi", "-od", got,
        *keys(QueryRetrieveLevel="STUDY", StudyInstanceUID="1.2.3"), pacs.host, str(pacs.port),
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    (file,) = got.iterdir()
    assert dcmread(file).PixelData == dcmread(BytesIO(one.file)).PixelData


def test_storescu_stores_a_private_sop_class(
    dcmtk: Dcmtk, pacs: EmbeddedPacs, tmp_path: Path
) -> None:
    ds = dcmread(BytesIO(sample().file))
    ds.SOPClassUID = "1.2.826.0.1.3680043.10.999.1"
    file = write(encoded(ds), tmp_path)
    config = tmp_path / "storescu.cfg"
    config.write_text(
        "[[TransferSyntaxes]]\n[Plain]\nTransferSyntax1 = LittleEndianExplicit\n"
        "[[PresentationContexts]]\n[Private]\n"
        f"PresentationContext1 = {ds.SOPClassUID}\\Plain\n"
        "[[Profiles]]\n[Default]\nPresentationContexts = Private\n",
        encoding="ascii",
    )
    run = dcmtk("storescu", "-xf", config, "Default", pacs.host, str(pacs.port), file)
    assert run.returncode == 0, run.stderr
    assert [one.sop_class_uid for one in pacs.archive.instances()] == [ds.SOPClassUID]


def test_four_senders_at_once_all_get_through(
    dcmtk: Dcmtk, pacs: EmbeddedPacs, tmp_path: Path
) -> None:
    folders = [
        folder_of((sample(f"1.2.{n}", number=i, size=64) for i in range(1, 151)), tmp_path / str(n))
        for n in range(1, 5)
    ]
    senders = [
        subprocess.Popen(
            ["dcmsend", pacs.host, str(pacs.port), "--scan-directories", str(folder)],
            stdout=subprocess.DEVNULL,
        )
        for folder in folders
    ]
    most_at_once, deadline = 0, time.monotonic() + 60
    while any(sender.poll() is None for sender in senders) and time.monotonic() < deadline:
        rows = pacs.archive.index.rows("STUDY", ["NumberOfStudyRelatedInstances"], [])
        most_at_once = max(most_at_once, sum(0 < count < 150 for (count,) in rows))
    assert [sender.wait(10) for sender in senders] == [0, 0, 0, 0]
    assert pacs.archive.counts().instances == 600
    assert most_at_once >= 2


SERVE = """
import sys
from pathlib import Path
from scenario_runner.deadline import Deadline
from scenario_runner.pacs.server import EmbeddedPacs, serve
serve(EmbeddedPacs(Path(sys.argv[1])), Deadline(60), lambda pacs: print(pacs.port, flush=True))
"""


def test_nothing_acknowledged_is_lost_when_the_server_is_killed(
    dcmtk: Dcmtk, tmp_path: Path
) -> None:
    sent = {
        one.sop_instance_uid: one for one in (sample(number=n, size=64) for n in range(1, 1001))
    }
    folder = folder_of(sent.values(), tmp_path / "out")
    home = tmp_path / "pacs"
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(home)], stdout=subprocess.PIPE, encoding="ascii"
    ) as server:
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        log = tmp_path / "storescu.log"
        with (
            log.open("wb") as output,
            subprocess.Popen(
                ["storescu", "-v", "--scan-directories", "127.0.0.1", port, str(folder)],
                stdout=output, stderr=output, env={**os.environ, "TCP_NODELAY": "1"},
            ) as sender,
        ):  # fmt: skip
            while len(list(home.glob("objects/*/*.dcm"))) < 100:
                assert sender.poll() is None
            server.kill()
            sender.wait(60)
        server.wait(10)
    acknowledged = re.findall(
        r"Sending file: \S*?([\d.]+)\.dcm\n(?:(?!Sending file).*\n)*?.*Received Store Response \(Success\)",
        log.read_text(encoding="utf-8"),
    )
    assert 90 < len(acknowledged) < 1000
    with EmbeddedPacs(home) as pacs:
        kept = {one.sop_instance_uid: one for one in pacs.archive.instances()}
        for uid in acknowledged:
            assert pacs.archive.data(kept[uid]) == sent[uid].data
        assert len(kept) <= len(acknowledged) + 1
    with Archive(home) as archive:
        assert archive.rebuild().instances >= len(acknowledged)
