"""What is fuzzed: bytes in, and only the errors out that are meant for bad bytes."""

from __future__ import annotations

import contextlib
import socket
import struct
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from io import StringIO
from pathlib import Path
from typing import Any

from scenario_runner.cli.group import fabricate
from scenario_runner.cli.output import DEFECT, reported
from scenario_runner.deadline import Deadline
from scenario_runner.dicom import json_model
from scenario_runner.errors import InvalidInput, TargetError
from scenario_runner.language.loader import parse_document
from scenario_runner.language.scenario import check_scenario
from scenario_runner.language.site import read_site
from scenario_runner.network.dicomweb import results, xml_model
from scenario_runner.network.dicomweb.search import Search, search
from scenario_runner.network.dicomweb.session import Session
from scenario_runner.network.echo import echo
from scenario_runner.plugins import Plugins
from tests.archive.samples import sample
from tests.fuzz import of_files, of_orders
from tests.fuzz.serving import DefectError, no_alarm, pacs, said
from tests.network.dicomweb.services import hostile_service
from tests.network.hostile import Wire, hostile
from tests.pacs.wire import associate_rq

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True, slots=True)
class Target:
    """seeds: valid or nearly valid inputs to start from; run: raises for a defect."""

    name: str
    seeds: Callable[[], list[bytes]]
    run: Callable[[bytes], None]

    def all_seeds(self) -> list[bytes]:
        """Those made by code, and those kept because they found something once."""
        kept = sorted((CORPUS / self.name).glob("*"))
        return [*self.seeds(), *(path.read_bytes() for path in kept)]


@cache
def _plugins() -> Plugins:
    return Plugins()


def _files(*patterns: str) -> list[bytes]:
    return [path.read_bytes() for one in patterns for path in sorted(ROOT.glob(one))]


def _scenario(data: bytes) -> None:
    with contextlib.suppress(InvalidInput):
        check_scenario(parse_document(data.decode("utf-8", "replace"), "fuzz.yaml"), _plugins())


def _site(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    with contextlib.suppress(InvalidInput):
        read_site("fuzz.yaml", _plugins(), {"PACS_PASSWORD": "hunter22"}, text)


def _command(*arguments: str) -> None:
    shown = StringIO()
    with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(shown):
        code = reported(partial(fabricate.main, list(arguments)))
    if code == DEFECT:
        raise DefectError(shown.getvalue())


def _dicom(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = Path(folder, "fuzz.dcm")
        file.write_bytes(data)
        _command("check", str(file))
        _command("view", str(file))
        _command("view", str(file), "--json")
        _command("view", str(file), "--png", str(Path(folder, "fuzz.png")))


def _pdus_to_us(data: bytes) -> None:
    with no_alarm():
        said(pacs().port, data)
        if said(pacs().port, associate_rq())[:1] != b"\x02":
            raise DefectError("the PACS takes no association any more")


def _requests_to_us(data: bytes) -> None:
    pacs().open_web()
    port = int(pacs().open_web().split(":")[2].split("/")[0])
    with no_alarm():
        answer = said(port, data)
        if answer.startswith(b"HTTP/1.1 500"):
            raise DefectError(answer.decode("latin-1"))
        asked = b"GET /dicom-web/studies HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        if not said(port, asked, ends=False).startswith(b"HTTP/1.1 200"):
            raise DefectError("the PACS answers no request any more")


def _pdus_to_a_client(data: bytes) -> None:
    def answer(wire: Wire) -> None:
        wire.read_pdu()
        wire.send(data)
        wire.connection.shutdown(socket.SHUT_WR)

    with hostile(answer, response_timeout=1.0) as peer, contextlib.suppress(TargetError):
        echo(peer, Deadline(10))


def _answers_to_a_client(data: bytes) -> None:
    def answer(wire: Wire) -> None:
        wire.send(data)
        wire.connection.shutdown(socket.SHUT_WR)

    with (
        hostile_service(answer, timeout=1.0) as peer,
        contextlib.suppress(TargetError),
        Session(peer, Deadline(10)) as session,
    ):
        list(search(session, Search(level="study", match={})))


def _json_model(data: bytes) -> None:
    with contextlib.suppress(json_model.JsonModelError):
        for item in json_model.loads(data):
            json_model.values_by_keyword(item)
    with contextlib.suppress(results.NoResultsError):
        results.read(data)


def _xml_model(data: bytes) -> None:
    with contextlib.suppress(xml_model.XmlModelError, json_model.JsonModelError):
        json_model.values_by_keyword(xml_model.loads(data))


def _associations() -> list[bytes]:
    release = b"\x05\0\0\0\0\x04\0\0\0\0"
    command = struct.pack("<HHIH", 0, 0x100, 2, 0x30) + struct.pack("<HHIH", 0, 0x800, 2, 0x101)
    data = struct.pack(">BxIIBB", 4, len(command) + 6, len(command) + 2, 1, 3) + command
    return [associate_rq(), associate_rq() + release, associate_rq() + data + release]


def _acceptances() -> list[bytes]:
    found = said(pacs().port, associate_rq() + b"\x05\0\0\0\0\x04\0\0\0\0")
    return [found, b"\x03\0\0\0\0\x04\0\x01\x01\x03", b"\x07\0\0\0\0\x04\0\0\x02\x01"]


def _requests() -> list[bytes]:
    end = " HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    one = sample()
    place = f"/dicom-web/studies/1.2.3/series/1.2.3.1/instances/{one.sop_instance_uid}"
    paths = [
        "/dicom-web/studies?PatientName=A*&includefield=all&limit=3&offset=1",
        "/dicom-web/studies/1.2.3/metadata", place, f"{place}/frames/1", f"{place}/rendered?window=1,2,linear",
        f"{place}/bulkdata/7FE00010",
    ]  # fmt: skip
    found = [f"GET {path}{end}".encode() for path in paths]
    body = b"--b\r\nContent-Type: application/dicom\r\n\r\n" + one.file + b"\r\n--b--\r\n"
    head = (
        "POST /dicom-web/studies HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: "
        f'multipart/related; type="application/dicom"; boundary=b\r\nContent-Length: {len(body)}\r\n\r\n'
    )
    return [*found, head.encode() + body]


_JSON = (
    b'[{"0020000D":{"vr":"UI","Value":["1.2.3"]},"00100010":{"vr":"PN","Value":[{"Alphabetic":"A^B"}]},'
    b'"00081199":{"vr":"SQ","Value":[{"00081155":{"vr":"UI","Value":["1.2"]}}]},'
    b'"00280010":{"vr":"US","Value":[1]},"00091001":{"vr":"UN","InlineBinary":"AAA="},'
    b'"00101030":{"vr":"DS","Value":[1.5,null]}}]'
)
_XML = (
    b'<?xml version="1.0"?><NativeDicomModel><DicomAttribute tag="00100010" vr="PN" keyword="PatientName">'
    b'<PersonName number="1"><Alphabetic><FamilyName>A</FamilyName></Alphabetic></PersonName></DicomAttribute>'
    b'<DicomAttribute tag="00081199" vr="SQ"><Item number="1"><DicomAttribute tag="00081155" vr="UI">'
    b'<Value number="1">1.2</Value></DicomAttribute></Item></DicomAttribute></NativeDicomModel>'
)


def _answers() -> list[bytes]:
    def answer(status: str, kind: str, body: bytes, more: str = "") -> bytes:
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{more}"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    chunked = b"HTTP/1.1 200 OK\r\nContent-Type: application/dicom+json\r\nTransfer-Encoding: chunked\r\n\r\n"
    return [
        answer("200 OK", "application/dicom+json", _JSON),
        answer("204 No Content", "text/plain", b""),
        answer("302 Found", "text/html", b"x", "Location: http://127.0.0.1/else#x\r\n"),
        answer("403 Forbidden", "text/html; charset=utf-8", b"<h1>no</h1>", "Warning: 299 - \"x\"\r\n"),
        chunked + b"2\r\n[]\r\n0\r\n\r\n",
    ]  # fmt: skip


def _dicom_files() -> list[bytes]:
    more: dict[str, Any] = {"PatientName": "A^B=C", "StudyDescription": "x\\y", "WindowCenter": "1"}
    return [sample().file, sample(size=8, **more).file]


TARGETS = {
    one.name: one
    for one in (
        Target("scenario", lambda: _files("tests/examples/valid/*.yaml", "scenarios/*.yaml"), _scenario),
        Target("site", lambda: _files("docs/sites/*.yaml", "docs/compose/site.yaml"), _site),
        Target("dicom", _dicom_files, _dicom),
        Target("pdus", _associations, _pdus_to_us),
        Target("pdus-client", _acceptances, _pdus_to_a_client),
        Target("http", _requests, _requests_to_us),
        Target("http-client", _answers, _answers_to_a_client),
        Target("json", lambda: [_JSON, _JSON[1:-1]], _json_model),
        Target("xml", lambda: [_XML], _xml_model),
        Target("hl7", of_orders.messages, of_orders.hl7),
        Target("mllp", of_orders.blocks, of_orders.mllp),
        Target("fhir", of_orders.resources, of_orders.fhir),
        Target("zip", of_orders.archives, of_orders.unpacked),
        Target("library", of_files.libraries, of_files.library),
        Target("rows", of_files.tables, of_files.rows),
    )
}  # fmt: skip
