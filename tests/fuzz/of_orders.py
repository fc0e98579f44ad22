"""What is fuzzed of orders and uploads: messages, MLLP, resources of FHIR, zip archives."""

from __future__ import annotations

import contextlib
import json
import tempfile
import zipfile
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from scenario_runner.archive.files import Files
from scenario_runner.errors import InvalidInput
from scenario_runner.orders.fhir import documents, studies
from scenario_runner.orders.fhir.study_reader import Collected
from scenario_runner.orders.hl7 import Hl7Error, Message
from scenario_runner.orders.hl7.editing import with_values
from scenario_runner.orders.hl7.files import messages as messages_in
from scenario_runner.orders.hl7.patient import patient_changes
from scenario_runner.orders.hl7.reading import orders
from scenario_runner.orders.hl7.tree import leaves
from scenario_runner.orders.mllp.framing import framed
from scenario_runner.orders.worklist import items, said_of, unfit
from scenario_runner.service.errors import TooLarge, Unacceptable
from scenario_runner.service.service import Limits
from scenario_runner.service.uploads.outcome import FileOutcome
from scenario_runner.service.uploads.unpacking import Unpacking
from tests.archive.samples import sample
from tests.fuzz.serving import DefectError, no_alarm, pacs, said
from tests.orders.hl7.feeds import message, order
from tests.orders.hl7.forty import CASES
from tests.peers import fhir_samples

_LIMITS = Limits(file=1 << 20, files=50, upload=4 << 20, nested=2)
_NOBODY = message("EVN|A08", "PID|1||NOBODY^^^HOSP", kind="ADT^A08", control="NOBODY")


def messages() -> list[bytes]:
    """One of each variety, and a merge."""
    merge = message("EVN|A40", "PID|1||P1^^^HOSP", "MRG|P2^^^HOSP", kind="ADT^A40")
    return [*(case.data for case in CASES), merge]


def hl7(data: bytes) -> None:
    """Read by all that read messages; an order that fits is an item of a worklist that can be read."""
    for one in messages_in(data, "fuzz.hl7"):
        if isinstance(one, Hl7Error):
            continue
        with contextlib.suppress(Hl7Error):
            list(leaves(one))
        with contextlib.suppress(Hl7Error):
            patient_changes(one)
        with contextlib.suppress(Hl7Error):
            for found in orders(one):
                if not list(unfit(found)):
                    for item in items(found, station="CT1"):
                        said_of(item)
    with contextlib.suppress(InvalidInput, ValueError):
        Message.read(with_values(data, {"PID-5.1": "A&B", "ZZZ-3[2].2": "~"}))


def blocks() -> list[bytes]:
    """One message, two in a packet, one of what is no message."""
    return [
        framed(order()),
        framed(_NOBODY) + b"\r\n" + framed(order()),
        framed(b"\x16\x03\x01"),
        b"GET / HTTP/1.1",
    ]


def mllp(data: bytes) -> None:
    """Bytes to the HL7 port; afterwards it still answers."""
    port = pacs().open_hl7()
    with no_alarm():
        said(port, data)
        if b"MSA|AA" not in said(port, framed(_NOBODY)):
            raise DefectError("the PACS takes no message any more")


def resources() -> list[bytes]:
    """Studies of both releases, a page of them, and what a server says when it fails."""
    found: list[object] = []
    for release in ("R4", "R5"):
        some = [
            fhir_samples.study(number, kind, release) for number, kind in ((1, "CT"), (2, "MG"))
        ]
        entries = [{"fullUrl": f"urn:{one['id']}", "resource": one} for one in some]
        next_ = [{"relation": "next", "url": "http://127.0.0.1/fhir?page=2"}]
        found += [
            *some,
            {"resourceType": "Bundle", "type": "searchset", "link": next_, "entry": entries},
        ]
    issue = {"severity": "error", "code": "invalid", "details": {"text": "no"}, "diagnostics": "x"}
    found.append({"resourceType": "OperationOutcome", "issue": [issue]})
    return [json.dumps(one).encode() for one in found]


def fhir(data: bytes) -> None:
    """Read as an answer, as a page, as a study of either release."""
    try:
        resource = documents.parsed(data, "application/fhir+json")
    except documents.NotFhir:
        return
    documents.outcome_words(resource)
    found = [resource] if resource.get("resourceType") == "ImagingStudy" else []
    with contextlib.suppress(documents.NotFhir):
        found += documents.page(resource).found
    beside = {"Patient/p1": fhir_samples.patient(1), "ServiceRequest/r1": fhir_samples.request(1)}
    for release in ("R4", "R5"):
        given = [one for one in found if one.get("resourceType") == "ImagingStudy"]
        for order_ in studies.orders(Collected(release, given, beside)):
            if not isinstance(order_, InvalidInput):
                list(unfit(order_))


def archives() -> list[bytes]:
    """Stored, deflated, with another archive inside, and with what stands beside images."""
    inner = _archive({"a.dcm": sample().file}, zipfile.ZIP_DEFLATED)
    return [
        _archive({"a.dcm": sample().file, "b/c.dcm": b"x"}, zipfile.ZIP_STORED),
        _archive({"inner.zip": inner, "DICOMDIR": b"", "__MACOSX/a": b"1"}, zipfile.ZIP_STORED),
        _archive({"zeros": bytes(4096), "ä/ö.dcm": b"\0" * 132}, zipfile.ZIP_DEFLATED),
    ]


def _archive(members: dict[str, bytes], how: int) -> bytes:
    held = BytesIO()
    with zipfile.ZipFile(held, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


def unpacked(data: bytes) -> None:
    """Taken in as an upload: bounded, and nothing outside its folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "files")
        taken: list[int] = []

        def take(_: str, pieces: Iterable[bytes]) -> FileOutcome:
            taken.append(sum(map(len, pieces)))
            return FileOutcome(name="x")

        path = Path(name, "upload.zip")
        path.write_bytes(data)
        files = Files(folder, synced=False)
        with contextlib.suppress(Unacceptable, TooLarge):
            Unpacking(_LIMITS, files, take, lambda _: None).unpack(path)
        there = {one.name for one in Path(name).iterdir()}
        if there != {"files", "upload.zip"} or any(files.incoming.iterdir()):
            raise DefectError(f"something was left behind: {sorted(there)}")
