"""A PACS that says its client's password back, in every way there is, leaves it nowhere."""

from __future__ import annotations

import contextlib
import json
import threading
import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydicom import Dataset
from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StudyRootQueryRetrieveInformationModelFind,
    Verification,
)

from scenario_runner.cli.group import fabricate as fabricate_group
from scenario_runner.cli.output import reported
from tests.app.test_telemetry import Collector, collector
from tests.redaction.encodings import ENCODINGS, SECRET, traces
from tests.running import Finished, fabricate, write_scenario, write_site

__all__ = ["collector"]
WRITTEN = [write(SECRET) for write in ENCODINGS.values()]
_AT_ONCE = 6
_GROUPS = [WRITTEN[at : at + _AT_ONCE] for at in range(0, len(WRITTEN), _AT_ONCE)]
_ASKED_FOR = "00080050"
"""The accession number of a query says which encodings the answer is to be in."""


def _latin(text: str) -> bytes:
    """What a header can hold of it."""
    return "".join(c for c in text if c.isprintable()).encode("latin-1", "replace")


class _Parrot(BaseHTTPRequestHandler):
    """Says the secret back in the reason phrase, in headers, in redirects and in the body."""

    protocol_version = "HTTP/1.1"
    stored = 0

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        number = int(query.get("AccessionNumber", query.get(_ASKED_FOR, ["0"]))[0])
        if self.command == "POST":
            type(self).stored = number = (type(self).stored + 1) % len(_GROUPS)
        written = _GROUPS[number]
        mode = query.get("PatientID", query.get("00100020", ["fails"]))[0]
        if mode == "matches":
            found = [_result(one, number) for one in written]
            self._send(200, written, json.dumps(found).encode(), "application/dicom+json")
        elif mode == "redirects":
            self._send(302, written, b"", "text/plain")
        elif mode == "types":
            self._send(200, written, written[0].encode(), f'text/x-{written[0]}; a="{written[1]}"')
        else:
            page = "".join(f"<h1>no entry for {one}</h1>\n" for one in written).encode()
            self._send(403, written, page, "text/html")

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - the names http.server calls

    def _send(self, status: int, written: Sequence[str], body: bytes, kind: str) -> None:
        headers = {"Content-Type": kind, "Content-Length": str(len(body))}
        turn = type(self).stored
        headers["Location"] = f"http://127.0.0.1:1/{written[turn % len(written)]}"
        headers["Warning"] = f'299 - "{"; ".join(written)}"'
        headers.update({f"X-Denied-{at}": one for at, one in enumerate(written)})
        lines = [b"HTTP/1.1 %d %s" % (status, _latin(written[turn % len(written)]))]
        lines += [b"%s: %s" % (name.encode(), _latin(text)) for name, text in headers.items()]
        self.wfile.write(b"\r\n".join([*lines, b"", body]))

    def log_message(self, *arguments: object) -> None:
        """Keep quiet."""


def _result(written: str, number: int) -> dict[str, Any]:
    group, _, second = written.partition("=")
    name = {"Alphabetic": group, **({"Ideographic": second} if second else {})}
    return {
        "0020000D": {"vr": "UI", "Value": [f"1.2.{WRITTEN.index(written)}"]},
        _ASKED_FOR: {"vr": "SH", "Value": [str(number)]},
        "00100010": {"vr": "PN", "Value": [name]},
        "00100020": {"vr": "LO", "Value": ["matches"]},
        "00081030": {"vr": "LO", "Value": [written]},
        "00104000": {"vr": "LT", "Value": [f"a comment on {written} and more"]},
        "00080061": {"vr": "CS", "Value": written.split("\\")},
    }


@contextlib.contextmanager
def _http() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Parrot)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/dicom-web"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def _dimse() -> Iterator[int]:
    turn = iter(range(10**6))

    def comment() -> str:
        return WRITTEN[next(turn) % len(WRITTEN)].encode("ascii", "replace").decode()[:64]

    def refused(_: evt.Event) -> Dataset:
        status = Dataset()
        status.Status = 0xA700
        status.ErrorComment = comment()
        return status

    def found(event: evt.Event) -> Iterator[tuple[Any, Dataset | None]]:
        asked = event.identifier
        if asked.PatientID != "matches":
            status = Dataset()
            status.Status = 0xC001
            status.ErrorComment = comment()
            yield status, None
            return
        for written in _GROUPS[int(asked.AccessionNumber)]:
            match = Dataset()
            match.SpecificCharacterSet = "ISO_IR 192"
            match.QueryRetrieveLevel = "STUDY"
            match.StudyInstanceUID = f"1.2.{WRITTEN.index(written)}"
            match.PatientID = "matches"
            match.AccessionNumber = asked.AccessionNumber
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the values are not what they should be
                match.PatientName = "=".join(written.split("=")[:3])
                match.StudyDescription = written
            yield 0xFF00, match

    entity = AE(ae_title="PARROT")
    entity.supported_contexts = AllStoragePresentationContexts
    entity.add_supported_context(Verification)
    entity.add_supported_context(StudyRootQueryRetrieveInformationModelFind)
    handlers: list[Any] = [
        (evt.EVT_C_STORE, refused),
        (evt.EVT_C_FIND, found),
        (evt.EVT_C_ECHO, refused),
    ]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    assert server is not None
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two targets whose peers know the secret, one in each way of logging in."""
    folder = tmp_path_factory.mktemp("site")
    secret = "{{ env.FAB_SECRET }}"
    with _http() as url, _dimse() as port:
        basic = {"basic": {"user": "fab", "password": secret}}
        dicom = {"host": "127.0.0.1", "port": port, "ae_title": "PARROT"}
        targets = {
            "web": {"dicomweb": {"url": url, "auth": basic}},
            "pacs": {"dicom": {**dicom, "user_identity": {"user": "fab", "password": secret}}},
        }
        yield write_site(folder / "site.yaml", targets)


def _fabricate(*arguments: str | Path, patience: float = 300) -> Finished:
    return fabricate(*arguments, env={"FAB_SECRET": SECRET}, patience=patience)


def _found_in(text: str) -> list[tuple[str, list[str]]]:
    return [
        (name, found)
        for name, written in zip(ENCODINGS, WRITTEN, strict=True)
        if (found := traces(text, written))
    ]


def _assert_quiet(texts: Sequence[tuple[str, str]]) -> None:
    leaks = {place: found for place, text in texts if (found := _found_in(text))}
    assert not leaks, [text for place, text in texts if place in leaks and len(text) < 10_000]


def test_it_is_in_no_file_of_a_run_and_on_no_stream(
    tmp_path: Path, site: Path, collector: Collector
) -> None:
    accession = "{{ matrix.k }}"
    steps: list[Any] = [
        {"send": {"to": "web"}, "save_as": "stow", "fails": "."},
        {"send": {"to": "pacs"}, "save_as": "store", "fails": "."},
    ]
    for on, modes in (("web", ("fails", "redirects", "types")), ("pacs", ("fails",))):
        for mode in modes:
            match = {"PatientID": mode, "AccessionNumber": accession}
            steps.append({"query": {"on": on, "level": "study", "match": match}, "fails": "."})
        match = {"PatientID": "matches", "AccessionNumber": accession}
        query = {
            "on": on,
            "level": "study",
            "match": match,
            "return": ["PatientName", "StudyDescription"],
        }
        steps += [
            {"query": query, "save_as": on},
            {"log": {"message": f"{{{{ {on} }}}}"}},
            {"assert": [{"equal": {"actual": f"{{{{ {on}[{at}] }}}}", "expected": "x"}}
                        for at in range(2)], "fails": "."},
        ]  # fmt: skip
    steps += [{"echo": {"to": "pacs"}, "fails": "."}, {"send": {"to": "pacs"}}]
    scenario = write_scenario(
        tmp_path / "s.yaml", steps,
        matrix={"k": list(range(len(_GROUPS)))},
        patients=[{"studies": [{"series": [{"modality": "CT", "images": 1, "size": [16, 16]}]}]}],
    )  # fmt: skip
    out = tmp_path / "run"
    done = _fabricate(
        "run", scenario, "--site", site, "--registry", ":memory:", "--out", out, "--pdu-log",
        "--format", "json", "--otel", collector.url,
    )  # fmt: skip
    assert out.exists(), done.err
    files = [path for path in out.rglob("*") if path.is_file()]
    texts = [(str(path.relative_to(out)), path.read_text("utf-8", "replace")) for path in files]
    assert {"events.ndjson", "run.json", "report.html", "junit.xml"} <= {name for name, _ in texts}
    events = next(text for name, text in texts if name == "events.ndjson")
    assert events.count("•••") > 5 * len(WRITTEN), done.out + done.err
    assert done.out.count("•••") > 5 * len(WRITTEN)
    spans = [f"{one.name} {one.status.message} {one.attributes}" for one in collector.spans]
    assert any("•••" in text for text in spans), spans[-12:]
    _assert_quiet([("out", done.out), ("err", done.err), ("spans", "\n".join(spans)), *texts])


@pytest.mark.parametrize("style", ["text", "json", "csv"])
def test_client_commands_do_not_show_it(
    site: Path, style: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FAB_SECRET", SECRET)
    options = ["--site", str(site), "--format", style]
    for number in range(len(_GROUPS)):
        for peer, mode in (
            ("web", "matches"),
            ("pacs", "matches"),
            ("web", "fails"),
            ("web", "redirects"),
        ):
            keys = [
                f"PatientID={mode}",
                f"AccessionNumber={number}",
                "PatientName=",
                "StudyDescription=",
            ]
            reported(
                partial(fabricate_group.main, ["pacs", "query", peer, "study", *keys, *options])
            )
            shown = capsys.readouterr()
            if mode == "matches":
                assert shown.out.count("•••") >= 2, shown.err
            _assert_quiet([(f"{peer} {mode} out", shown.out), (f"{peer} {mode} err", shown.err)])
    reported(partial(fabricate_group.main, ["pacs", "echo", "pacs", *options]))
    shown = capsys.readouterr()
    _assert_quiet([("out", shown.out), ("err", shown.err)])
