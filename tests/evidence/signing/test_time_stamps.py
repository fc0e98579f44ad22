"""Time stamps of RFC 3161, by a real authority: `openssl ts` behind HTTP on loopback."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from scenario_runner.app.reports import report_again
from scenario_runner.evidence.built_in import fabricate_reporters
from scenario_runner.evidence.signing.verify import verify
from tests.evidence.signing.people import command, key, key_file, public_file, run_folder, signed

pytest.importorskip("rfc3161_client")
pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl"),
]

CONFIG = """
[tsa]
default_tsa = stamps
[stamps]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
certs = {folder}/root.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
[req]
distinguished_name = nobody
[nobody]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[authority]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


def openssl(*arguments: str | Path, data: bytes = b"") -> bytes:
    done = subprocess.run(
        ["openssl", *map(str, arguments)], input=data, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def made(folder: Path) -> Path:
    """An authority's key, certificate and root."""
    folder.mkdir()
    config = folder / "tsa.cnf"
    config.write_text(CONFIG.format(folder=folder), encoding="utf-8")
    (folder / "serial").write_text("01\n", encoding="ascii")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", config)
    openssl(
        "req", "-x509", *curve, "-keyout", folder / "root.key", "-out", folder / "root.pem",
        "-subj", "/CN=Root of Time", "-extensions", "root", "-days", "3650",
    )  # fmt: skip
    asked = openssl("req", "-new", *curve, "-keyout", folder / "tsa.key", "-subj", "/CN=Town Clock")
    openssl(
        "x509", "-req", "-CA", folder / "root.pem", "-CAkey", folder / "root.key", "-CAcreateserial",
        "-extfile", config, "-extensions", "authority", "-days", "3650", "-out", folder / "tsa.pem",
        data=asked,
    )  # fmt: skip
    return folder


@dataclass
class Authority:
    """An authority that is asked over HTTP. answers: what it says instead, while it is set."""

    folder: Path
    url: str = ""
    answers: tuple[int, str, bytes] | None = None

    def answer(self, request: bytes) -> tuple[int, str, bytes]:
        if self.answers is not None:
            return self.answers
        query = self.folder / "query.tsq"
        query.write_bytes(request)
        reply = openssl("ts", "-reply", "-config", self.folder / "tsa.cnf", "-queryfile", query)
        return 200, "application/timestamp-reply", reply


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    found = Authority(made(tmp_path_factory.mktemp("clock") / "tsa"))

    class Clock(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            assert self.headers["Content-Type"] == "application/timestamp-query"
            code, media_type, reply = found.answer(self.rfile.read(length))
            self.send_response(code)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Clock)
    found.url = f"http://127.0.0.1:{server.server_port}/stamp"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def stamped(authority: Authority, tmp_path: Path) -> Path:
    run = run_folder(tmp_path / "run")
    private = key("p256")
    public_file(tmp_path, private)
    assert signed(run, key_file(tmp_path, private), "executed", "Jane Citizen", "--timestamp", authority.url) == 0  # fmt: skip
    return run


def told(folder: Path, *trust: Path) -> list[tuple[str, str]]:
    from scenario_runner.evidence.signing.trust import read_trust

    trusted = read_trust([(path.name, path.read_bytes()) for path in trust]) if trust else None
    return [(one.change, one.path) for one in verify(folder, trusted).everything()]


STAMP = "signatures/01-executed-jane-citizen.dsse.json.tsr"


def test_a_stamp_holds_offline_for_us_and_for_openssl(
    stamped: Path, authority: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    people, root = stamped.parent / "key.pub.pem", authority.folder / "root.pem"
    assert told(stamped) == told(stamped, people, root) == []
    capsys.readouterr()
    assert command("verify", stamped, "--trust", people, "--trust", root) == 0
    said = capsys.readouterr().out
    assert "stamped by CN=Town Clock\n" in said
    assert "no certificate" not in said
    assert command("verify", stamped, "--format", "json") == 0
    (signature,) = json.loads(capsys.readouterr().out)["signatures"]
    assert signature["timestamp"]["authority"] == "CN=Town Clock"
    assert signature["timestamp"]["vouched"] is False
    openssl("ts", "-verify", "-data", stamped / STAMP.removesuffix(".tsr"), "-in", stamped / STAMP, "-CAfile", root)  # fmt: skip


def test_a_second_signature_covers_the_first_with_its_stamp_and_the_report_shows_both(
    stamped: Path, authority: Authority
) -> None:
    key_path = key_file(stamped.parent, key("p256"))
    assert signed(stamped, key_path, "approved", "Ray Mason", "--timestamp", authority.url) == 0
    assert (stamped / "signatures" / "02-approved-ray-mason.dsse.json.tsr").exists()
    assert told(stamped) == []
    out = stamped.parent / "out"
    record = report_again(stamped, out, fabricate_reporters())
    assert [one.stamped_by for one in record.signatures] == ["CN=Town Clock"] * 2
    assert "stamped by <bdi>CN=Town Clock</bdi>" in (out / "report.html").read_text("utf-8")
    (stamped / STAMP).unlink()
    assert told(stamped) == [("missing", STAMP)]


def test_a_stamp_that_does_not_hold_is_told_and_why(stamped: Path, tmp_path: Path) -> None:
    stranger = made(tmp_path / "stranger") / "root.pem"
    people = stamped.parent / "key.pub.pem"
    assert told(stamped, people, stranger) == [("stamp", STAMP)]
    assert told(stamped, people) == []

    other = run_folder(tmp_path / "other", "20260201-093000-aaaa")
    assert signed(other, key_file(tmp_path, key("p256"))) == 0
    shutil.copy(stamped / STAMP, other / STAMP)
    assert told(other) == [("stamp", STAMP)]

    data = bytearray((stamped / STAMP).read_bytes())
    (stamped / STAMP).write_bytes(data[:40])
    assert told(stamped) == [("stamp", STAMP)]
    (stamped / STAMP.removesuffix(".tsr")).unlink()
    assert told(stamped) == [("stamp", STAMP)]


def test_a_changed_byte_of_the_token_breaks_it(stamped: Path, authority: Authority) -> None:
    data = bytearray((stamped / STAMP).read_bytes())
    data[-3] ^= 1  # of the authority's signature
    (stamped / STAMP).write_bytes(data)
    people, root = stamped.parent / "key.pub.pem", authority.folder / "root.pem"
    assert told(stamped, people, root) == [("stamp", STAMP)]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ((200, "text/html", b"<p>hello"), "is no time stamp authority: it answered 200 text/html"),
        ((503, "application/timestamp-reply", b""), "it answered 503"),
        ((200, "application/timestamp-reply", b"hello"), "is no answer of a time stamp authority"),
        ((200, "application/timestamp-reply", bytes.fromhex("30053003020102")), "refused with status 2"),
    ],
)  # fmt: skip
def test_without_a_stamp_nothing_is_signed(
    answers: tuple[int, str, bytes],
    said: str,
    authority: Authority,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = run_folder(tmp_path / "run")
    authority.answers = answers
    try:
        code = signed(
            run, key_file(tmp_path, key("p256")), "executed", "J", "--timestamp", authority.url
        )
    finally:
        authority.answers = None
    assert code == 4
    assert said in capsys.readouterr().err
    assert not (run / "signatures").exists()


def test_nobody_listens_at_the_address(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = run_folder(tmp_path / "run")
    path = key_file(tmp_path, key("p256"))
    assert signed(run, path, "executed", "J", "--timestamp", "http://127.0.0.1:1/") == 4
    assert "nothing was signed" in capsys.readouterr().err
    assert signed(run, path, "executed", "J", "--timestamp", "stamps.example") == 2
