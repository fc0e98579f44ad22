"""What a site file can ask of the embedded PACS, told to it as the site file has it."""

from __future__ import annotations

import dataclasses
import statistics
import struct
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate

from scenario_runner.deadline import Deadline
from scenario_runner.dicom.datasets import read_file
from scenario_runner.errors import AssociationRejected, UsageError
from scenario_runner.language.site_services import EmbeddedService
from scenario_runner.network.commit import Commitments, commit
from scenario_runner.network.echo import echo
from scenario_runner.network.receiver import Receiver
from scenario_runner.network.store import store
from scenario_runner.pacs.server import EmbeddedPacs
from scenario_runner.targets.embedded_options import pacs_options
from scenario_runner.ul.peer import LocalEntity, Peer, UserIdentity
from tests.archive.samples import CT_IMAGE, EXPLICIT, IMPLICIT, Sample, put, sample
from tests.pacs.test_many import Encoded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scenario_runner.answers import StoreStatus

BIG_ENDIAN = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
RLE = "1.2.840.10008.1.2.5"
MPEG_4 = "1.2.840.10008.1.2.4.102"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Any]:
    """A function that starts a PACS with these keys of ``embedded``."""
    running: list[EmbeddedPacs] = []

    def start(**keys: Any) -> EmbeddedPacs:
        service = EmbeddedService.model_validate(keys)
        pacs = EmbeddedPacs(
            tmp_path / "pacs", service.ae_title, options=pacs_options(service, tmp_path)
        )
        pacs.start()
        running.append(pacs)
        return pacs

    yield start
    for pacs in running:
        pacs.stop()


def peer(pacs: EmbeddedPacs, **more: Any) -> Peer:
    return Peer(host=pacs.host, port=pacs.port, ae_title=pacs.ae_title, **more)


def send(pacs: EmbeddedPacs, *samples: Any) -> list[StoreStatus]:
    contexts = [(CT_IMAGE, one.transfer_syntax_uid) for one in samples]
    instances = [Encoded(one, transfer_syntax_uid=one.transfer_syntax_uid) for one in samples]
    return list(store(peer(pacs), instances, contexts, Deadline(30)))


def test_a_coerced_attribute_is_told_and_only_where_it_was_another_one(start: Any) -> None:
    pacs = start(coerce={"PatientID": "MPI7", "PatientSex": "F"})
    first, second = send(pacs, sample(number=1), sample(number=2, PatientID="MPI7"))
    assert (first.status, first.comment) == (0xB000, "coerced: PatientID")
    assert second.status == 0
    for one in pacs.archive.instances():
        header, _ = pacs.archive.header(one.file)
        assert header[0x00100020].value.strip() == b"MPI7"


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG_ENDIAN, DEFLATED])
@pytest.mark.parametrize("declared", ["ISO_IR 100", None])
def test_a_coerced_value_that_the_character_set_lacks_is_read_as_given(
    start: Any, declared: str | None, syntax: str
) -> None:
    said: dict[str, Any] = {"SpecificCharacterSet": declared} if declared else {}
    name = "MÜLLER^ANNA" if declared else "CITIZEN^JANE"
    code = Dataset()
    code.CodeMeaning = "Schädel" if declared else "Skull"
    pacs = start(coerce={"InstitutionName": "Klinik Ωmega ☃"})
    given = sample(transfer_syntax=syntax, PatientName=name, ProcedureCodeSequence=[code], **said)
    (status,) = send(pacs, given)
    assert status.status == 0xB000
    (one,) = pacs.archive.instances()
    kept = read_file(pacs.archive.folder / one.file)
    assert kept.SpecificCharacterSet == "ISO_IR 192"
    assert (str(kept.PatientName), kept.InstitutionName) == (name, "Klinik Ωmega ☃")
    assert kept.ProcedureCodeSequence[0].CodeMeaning == code.CodeMeaning
    assert kept.PixelData == dcmread(BytesIO(given.file)).PixelData
    assert kept.file_meta.TransferSyntaxUID == syntax


def cut(one: Sample, by: int) -> Sample:
    """The same, its data set ended so many bytes too early."""
    return dataclasses.replace(one, data=one.data[:-by])


def without_pixels(one: Sample) -> Sample:
    """The same, as a report is, whose last element is of a group above that of pixels."""
    head = struct.pack("<HH", 0x7FE0, 0x10)
    start, end = one.data.index(head), one.data.index(struct.pack("<HH", 0xFFFC, 0xFFFC))
    return dataclasses.replace(one, data=one.data[:start] + one.data[end:])


def squeezed(data: bytes, *, then: bytes = b"", unended: bool = False) -> Sample:
    """A data set deflated; then: what its stream goes on with. unended: it has no end."""
    squeeze = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    deflated = squeeze.compress(data)
    deflated += squeeze.flush(zlib.Z_SYNC_FLUSH if then or unended else zlib.Z_FINISH) + then
    return Sample(CT_IMAGE, "1.2.3.1.1", DEFLATED, deflated + b"\0" * (len(deflated) % 2), b"")


randbytes = Random(7).randbytes
PADDED: dict[str, Any] = {"DataSetTrailingPadding": bytes(64)}
HALF: dict[str, Any] = {"PixelData": bytes(64)}
LARGE = sample(size=512)
FRAMES: dict[str, Any] = {"NumberOfFrames": 2, "PixelData": encapsulate([bytes(64)])}


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (sample(**HALF), "its pixels have 64 of 128 bytes"),
        (sample(**HALF, transfer_syntax=IMPLICIT), "its pixels have 64 of 128 bytes"),
        (sample(**HALF, transfer_syntax=BIG_ENDIAN), "its pixels have 64 of 128 bytes"),
        (sample(**HALF, transfer_syntax=DEFLATED), "its pixels have 64 of 128 bytes"),
        (sample(NumberOfFrames=2), "its pixels have 128 of 256 bytes"),
        (cut(sample(), 28), "the data set ends after 100 of 128 bytes of its pixels"),
        (sample(**FRAMES, transfer_syntax=RLE), "its pixels have 1 fragment for 2 frames"),
        (cut(sample(**FRAMES, transfer_syntax=RLE), 9), "the data set ends within a fragment"),
        (
            cut(sample(size=64, PixelData=randbytes(1 << 13), transfer_syntax=DEFLATED), 64),
            "the deflated data set ends too early",
        ),
        (
            squeezed(sample(PixelData=b"").data[:-12], unended=True),
            "the deflated data set ends too",
        ),
        (squeezed(sample().data[:-28]), "the data set ends after 100 of 128 bytes of its pixels"),
        (squeezed(LARGE.data[:-28], then=b"\xff" * 64), "the deflated data set cannot be inflated"),
        (squeezed(sample(**PADDED).data[:-10]), "the data set ends within an element that follows"),
        (
            squeezed(sample().data + bytes(7) + b"\1"),
            "an element that follows its pixels cannot be read",
        ),
        (cut(sample(**PADDED), 9), "the data set ends within an element that follows its pixels"),
        (cut(without_pixels(sample(**PADDED)), 9), "the data set ends within an element"),
        (
            cut(without_pixels(sample(**PADDED, transfer_syntax=IMPLICIT)), 9),
            "the data set ends within an element",
        ),
        (
            cut(sample(**FRAMES | {"NumberOfFrames": 1}, **PADDED, transfer_syntax=RLE), 9),
            "the data set ends within an element that follows its pixels",
        ),
    ],
    ids=lambda one: one.split(" of ")[0] if isinstance(one, str) else "",
)
def test_pixels_that_are_not_all_there_are_stored_and_warned_of(
    start: Any, given: Sample, problem: str
) -> None:
    pacs = start()
    answer, whole = send(pacs, given, sample("1.2.4"))
    assert (answer.status, answer.comment[: len(problem)]) == (0xB007, problem)
    assert whole.status == 0
    assert pacs.archive.data(pacs.archive.instances(study_uids=["1.2.3"])[0]) == given.data


def test_a_deflated_data_set_that_breaks_where_its_header_is_read_is_refused(start: Any) -> None:
    (answer,) = send(start(), squeezed(sample().data[:-28], then=b"\xff" * 64))
    assert (answer.status, answer.comment[:40]) == (
        0xC000,
        "the deflated data set cannot be inflated",
    )


def test_pixels_that_are_all_there_are_not_warned_of(start: Any) -> None:
    """Two frames in one stream, and two samples for each pixel of a colour that two of them share."""
    video = sample(**FRAMES, transfer_syntax=MPEG_4)
    colour: dict[str, Any] = {"SamplesPerPixel": 3, "PhotometricInterpretation": "YBR_PARTIAL_422"}
    shared = sample(number=2, **colour, PixelData=bytes(256))
    assert [one.status for one in send(start(), video, shared)] == [0, 0]


@pytest.mark.parametrize(
    ("duplicates", "status", "name"),
    [
        ("keep", 0, b"CITIZEN^JANE"),
        ("overwrite", 0, b"SECOND^ONE"),
        ("refuse", 0x0111, b"CITIZEN^JANE"),
    ],
)
def test_a_second_instance_with_one_uid(
    start: Any, duplicates: str, status: int, name: bytes
) -> None:
    pacs = start(duplicates=duplicates)
    answers = send(pacs, sample(), sample(PatientName="SECOND^ONE"))
    assert [one.status for one in answers] == [0, status]
    (kept,) = pacs.archive.instances()
    header, _ = pacs.archive.header(kept.file)
    assert header[0x00100010].value.strip() == name


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ({"sop_classes": ["MRImageStorage"]}, "abstract syntax (SOP class) not supported"),
        ({"sop_classes": ["1.2.840.10008.5.1.4.1.1.4"]}, "abstract syntax (SOP class)"),
        ({"transfer_syntaxes": ["jpeg-ls", "ImplicitVRLittleEndian"]}, "transfer syntaxes not"),
    ],
)
def test_what_it_does_not_take_is_refused_in_negotiation(
    start: Any, keys: Any, complaint: str
) -> None:
    pacs = start(**keys)
    (answer,) = send(pacs, sample())
    assert answer.status is None
    assert complaint in answer.comment
    assert pacs.archive.counts().instances == 0
    assert echo(peer(pacs), Deadline(10)).status == 0


def test_what_it_takes_is_accepted_by_keyword_and_by_name(start: Any) -> None:
    pacs = start(sop_classes=["CTImageStorage"], transfer_syntaxes=["implicit-le"])
    assert [one.status for one in send(pacs, sample(transfer_syntax=IMPLICIT))] == [0]


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ({"sop_classes": ["CTPictureStorage"]}, "CTPictureStorage"),
        ({"transfer_syntaxes": ["best"]}, "best"),
        ({"coerce": {"PatientNickname": "X"}}, "PatientNickname"),
        ({"coerce": {"StudyInstanceUID": "1.2"}}, "StudyInstanceUID"),
        ({"coerce": {"PixelData": "1"}}, "PixelData"),
    ],
)
def test_a_policy_about_something_that_does_not_exist_is_refused(
    tmp_path: Path, keys: Any, complaint: str
) -> None:
    with pytest.raises(UsageError, match=complaint):
        pacs_options(EmbeddedService.model_validate(keys), tmp_path)


@pytest.mark.parametrize(
    ("identity", "welcome"),
    [
        (None, False),
        (UserIdentity(user="fab", password=None), False),
        (UserIdentity(user="fab", password="wrong"), False),
        (UserIdentity(user="nobody", password="secret"), False),
        (UserIdentity(user="fab", password="secret"), True),
    ],
)
def test_a_user_has_to_give_a_name_and_the_password(
    start: Any, identity: UserIdentity | None, *, welcome: bool
) -> None:
    pacs = start(users={"fab": "secret"})
    if welcome:
        assert echo(peer(pacs, identity=identity), Deadline(10)).status == 0
    else:
        with pytest.raises(AssociationRejected):
            echo(peer(pacs, identity=identity), Deadline(10))


def test_only_the_ae_titles_that_are_named_may_associate(start: Any) -> None:
    pacs = start(calling_ae_titles=["CT1"])
    assert echo(peer(pacs, calling_ae_title="CT1"), Deadline(10)).status == 0
    with pytest.raises(AssociationRejected):
        echo(peer(pacs, calling_ae_title="CT2"), Deadline(10))


@pytest.mark.parametrize(
    ("commitment", "delivery"),
    [
        ("same", "same association"),
        ("later", "later association"),
        ("new", "association of the peer"),
    ],
)
def test_our_client_takes_a_commitment_report_however_it_is_delivered(
    start: Any, commitment: str, delivery: str
) -> None:
    reports = Commitments()
    with Receiver(LocalEntity("FABRICATE", "127.0.0.1", 0), on_event=reports.take) as receiver:
        receiver.start(Deadline(10))
        table = {"FABRICATE": {"host": "127.0.0.1", "port": receiver.port}}
        pacs = start(commitment=commitment, destinations=table)
        put(pacs.archive, sample())
        asked = [(CT_IMAGE, "1.2.3.1.1"), (CT_IMAGE, "9.9")]
        answer = commit(peer(pacs), asked, reports, 4.0, Deadline(20))
    assert answer.delivery == delivery
    assert answer.committed == {"1.2.3.1.1": CT_IMAGE}
    assert answer.failed == {"9.9": 0x0112}


def test_a_report_that_waits_is_told_to_who_asked_and_to_nobody_else(start: Any) -> None:
    pacs = start(commitment="later")
    put(pacs.archive, sample())
    told: dict[str, str] = {}

    def ask(title: str) -> None:
        who = peer(pacs, calling_ae_title=title)
        pairs = [(CT_IMAGE, "1.2.3.1.1")]
        answer = commit(who, pairs, Commitments(), 3.0, Deadline(20))
        told[title] = answer.transaction_uid

    threads = [threading.Thread(target=ask, args=(title,)) for title in ("CT1", "CT2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(told) == {"CT1", "CT2"}, "each got the report on its own transaction"
    assert pacs._reports.take("CT1") == pacs._reports.take("CT2") == []


def test_fifty_associations_at_once_lose_nothing_and_none_is_starved(tmp_path: Path) -> None:
    """``benchmarks/many.py`` does the same with ten thousand, and watches the memory."""
    associations, each = 50, 20
    first = sample(f"1.2.{10**6}")
    instances = [
        dataclasses.replace(
            first,
            sop_instance_uid=first.sop_instance_uid.replace(str(10**6), str(10**6 + number)),
            data=first.data.replace(str(10**6).encode(), str(10**6 + number).encode()),
        )
        for number in range(associations * each)
    ]
    seconds: list[float] = []

    def one(part: list[Sample]) -> None:
        began = time.perf_counter()
        contexts = [(CT_IMAGE, EXPLICIT)]
        answers = list(store(peer(pacs), map(Encoded, part), contexts, Deadline(120)))
        assert [answer.status for answer in answers] == [0] * each
        seconds.append(time.perf_counter() - began)

    with EmbeddedPacs(tmp_path) as pacs, ThreadPoolExecutor(associations) as pool:
        parts = [instances[n::associations] for n in range(associations)]
        list(pool.map(one, parts))
        assert pacs.archive.counts().instances == associations * each
    assert len(seconds) == associations
    assert max(seconds) < 4 * statistics.median(seconds) + 5
