"""Systems that send orders and results say passwords and tokens back: in answers, messages, resources. None is kept."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from scenario_runner.cli.group import fabricate as fabricate_group
from scenario_runner.cli.output import reported
from scenario_runner.deadline import Deadline
from scenario_runner.orders.hl7 import Message
from scenario_runner.orders.hl7.delimiters import USUAL
from scenario_runner.orders.hl7.escapes import escape
from scenario_runner.orders.mllp.acknowledging import acknowledgement
from scenario_runner.orders.mllp.client import Mllp
from scenario_runner.orders.mllp.listener import Answer, MllpListener
from scenario_runner.ul.peer import Peer
from tests.orders.hl7.feeds import order
from tests.peers.fhir_samples import patient, study
from tests.peers.processes import free_port
from tests.redaction.encodings import ENCODINGS, SECRET, traces
from tests.running import fabricate, write_scenario, write_site

TOKEN = "tok-4f1c9e77-of-the-server"
WRITTEN = [write(SECRET) for write in ENCODINGS.values()]
ALL = [*WRITTEN, TOKEN, TOKEN.upper(), TOKEN.encode().hex()]


def _studies() -> dict[str, Any]:
    """A searchset with a study for each way to say it; the last one cannot be made."""
    entries = []
    for number, written in enumerate(ALL, start=1):
        found = study(number, "CT", description=f"of {written}", basedOn=[])
        if number == len(ALL):
            found["identifier"][1]["value"] = f"{written}, too long an accession number"
        entries.append({"resource": found, "search": {"mode": "match"}})
    for number in range(1, 21):
        named = patient(number, name=[{"family": TOKEN, "given": [SECRET]}])
        entries.append({"resource": named, "search": {"mode": "include"}})
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries}


class _Fhir(BaseHTTPRequestHandler):
    """Gives a token, and says it and the password back in what it answers."""

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path.endswith("/token"):
            self._send(200, {"access_token": TOKEN, "token_type": "bearer", "expires_in": 300})
        elif "/metadata" in self.path:
            software = {"name": f"knows {SECRET}", "version": TOKEN}
            self._send(
                200,
                {
                    "resourceType": "CapabilityStatement",
                    "fhirVersion": "4.0.1",
                    "software": software,
                },
            )
        elif "_include" in self.path:
            self._send(200, _studies() | self._next())
        elif "/Patient" in self.path:
            names = [{"family": one} for one in ALL]
            self._send(200, {"resourceType": "Patient", "id": "p1", "name": names})
        else:
            issues = [
                {"severity": "error", "code": "login", "diagnostics": f"not {one}"} for one in ALL
            ]
            self._send(403, {"resourceType": "OperationOutcome", "issue": issues})

    do_GET = do_POST = do_PUT = _answer  # noqa: N815 - the names http.server calls

    def _next(self) -> dict[str, Any]:
        """Where the page after this one is, for who does not ask for all at once."""
        there = f"http://{self.headers['Host']}/fhir?page={TOKEN}"
        return {"link": [{"relation": "next", "url": there}]} if "_count=20&" in self.path else {}

    def _send(self, status: int, resource: dict[str, Any]) -> None:
        body = json.dumps(resource).encode()
        self.send_response(status, TOKEN)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Warning", f'299 - "{TOKEN}"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Keep quiet."""


@contextlib.contextmanager
def _fhir() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Fhir)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/fhir"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def _ris(receiver: int | None = None) -> Iterator[int]:
    """Says the password back in its acknowledgement, and sends a result that is full of it to a port."""
    told = [escape(one, USUAL) for one in ALL]
    notes = [f"OBX|{at}|TX|1^{one}||{one}" for at, one in enumerate(told, start=1)]
    result = order(*notes, kind="ORU^R01", control=f"R-{TOKEN}", charset="UNICODE UTF-8")
    senders: list[threading.Thread] = []

    def send(port: int) -> None:
        peer = Peer(host="127.0.0.1", port=port, ae_title="HL7")
        with Mllp.open(peer, Deadline(60)) as connection:
            connection.send(result, Deadline(60))

    def take(data: bytes, _: str) -> Answer:
        if receiver is not None:
            senders.append(threading.Thread(target=send, args=(receiver,)))
            senders[-1].start()
        return Answer([acknowledgement(Message.read(data), "AE", " ".join(told[:3]))])

    with MllpListener(take) as listener:
        yield listener.port
    for one in senders:
        one.join(60)


def _logins(url: str) -> dict[str, Any]:
    """Targets of the two ways to log in to the server."""
    secret = "{{ env.FAB_SECRET }}"
    login = {"token_url": f"{url}/token", "client_id": "fab", "client_secret": secret}
    return {
        "basic": {"fhir": {"url": url, "auth": {"basic": {"user": "fab", "password": secret}}}},
        "oauth": {"fhir": {"url": url, "auth": {"client_credentials": login}}},
    }


def _require_quiet(texts: Mapping[str, str]) -> None:
    leaks = {
        name: found
        for name, text in texts.items()
        if (found := [t for one in ALL for t in traces(text, one)])
    }
    assert not leaks, {name: found[:3] for name, found in leaks.items()}


def _files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_bytes().decode("utf-8", "replace")
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def ehr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A site with the server, and scenarios of some of its studies, every one that can be made, and all."""
    folder = tmp_path_factory.mktemp("ehr")
    with _fhir() as url:
        write_site(folder / "site.yaml", {**_logins(url), "pacs": {"embedded": {}}})
        for name, most in (("some", 4), ("every", len(ALL) - 1), ("wrong", len(ALL))):
            source = {"fhir": "oauth", "max_studies": most}
            write_scenario(
                folder / f"{name}.yaml", [{"send": {"to": "pacs"}}], patients=[{"from": source}]
            )
        yield folder


FROM_A_SERVER = {
    "plan": (["plan", "every.yaml"], 0),
    "plan as JSON": (["plan", "every.yaml", "--format", "json"], 0),
    "plan of what cannot be": (["plan", "wrong.yaml"], 3),
    "preview": (["preview", "some.yaml", "--sheet", "sheet.html", "--registry", ":memory:"], 0),
    "run": (["run", "some.yaml", "--registry", ":memory:", "--out", "run"], 0),
    "run on workers": (["run", "some.yaml", "--on", "local:1", "--registry", ":memory:", "--out", "run"], 0),
    "from-fhir": (
        ["from-fhir", "oauth", "--to", "pacs", "--max-studies", "4", "--yes", "--registry", ":memory:", "--out", "run",
         "--save", "saved.yaml"], 0,
    ),
}  # fmt: skip
"""What is made of a server's studies, with the exit code."""


@pytest.mark.parametrize("name", FROM_A_SERVER)
def test_what_is_made_of_a_servers_studies_says_nothing_of_the_login(
    ehr: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    monkeypatch.setenv("FAB_SECRET", SECRET)
    monkeypatch.chdir(tmp_path)
    arguments, code = FROM_A_SERVER[name]
    given = [str(ehr / one) if (ehr / one).exists() else one for one in arguments]
    found = reported(partial(fabricate_group.main, [*given, "--site", str(ehr / "site.yaml")]))
    shown = capfd.readouterr()
    assert found == code, shown.out + shown.err
    texts = {"out": shown.out, "err": shown.err, **_files(tmp_path)}
    assert any("•••" in text for text in texts.values())
    _require_quiet(texts)


def test_what_a_ris_and_a_fhir_server_say_back_is_nowhere(tmp_path: Path) -> None:
    receiver = free_port()
    with _fhir() as url, _ris(receiver) as port:
        targets = {**_logins(url), "ris": {"hl7": {"host": "127.0.0.1", "port": port}}}
        site = write_site(tmp_path / "site.yaml", targets, receiver={"hl7": {"port": receiver}})
        steps: list[Any] = []
        for on in ("oauth", "basic"):
            steps += [
                {"fhir_search": {"on": on, "resource": "ImagingStudy"}, "fails": "."},
                {"fhir_read": {"on": on, "url": "Patient/p1"}, "save_as": on},
                {"log": {"message": f"{{{{ {on} }}}}"}},
                {"fhir_write": {"to": on, "resource": "patient"}},
            ]
        steps += [
            {"hl7_send": {"to": "ris", "message": "ORM^O01"}, "fails": "."},
            {"hl7_wait": {"match": {"MSH-9": "ORU^R01"}, "timeout": "60s"}, "save_as": "came"},
            {"log": {"message": "{{ came }}"}},
        ]
        scenario = write_scenario(
            tmp_path / "s.yaml", steps,
            patients=[{"studies": [{"accession": "A1", "series": [{"modality": "CT", "images": 1}]}]}],
        )  # fmt: skip
        out = tmp_path / "run"
        done = fabricate(
            "run", scenario, "--site", site, "--registry", tmp_path / "registry.db", "--out", out,
            "--pdu-log", env={"FAB_SECRET": SECRET},
        )  # fmt: skip
    texts = {
        str(path.relative_to(tmp_path)): path.read_bytes().decode("utf-8", "replace")
        for path in tmp_path.rglob("*") if path.is_file() and path.parent != tmp_path
    }  # fmt: skip
    registry = tmp_path / "registry.db"
    if registry.exists():
        texts["registry"] = registry.read_bytes().decode("utf-8", "replace")
    texts |= {"out": done.out, "err": done.err}
    assert done.code == 0, done.out + done.err
    events = next(text for name, text in texts.items() if name.endswith("events.ndjson"))
    assert events.count("•••") > 2 * len(ALL), done.out + done.err
    _require_quiet(texts)
