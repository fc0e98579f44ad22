"""`fabricate pacs echo|send|query|retrieve`: what is printed, what is stored, and the exit code."""

from __future__ import annotations

import base64
import csv
import http.server
import io
import json
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate

from scenario_runner.pacs.fault_arguments import parse_faults
from scenario_runner.pacs.options import PacsOptions
from scenario_runner.pacs.server import EmbeddedPacs
from tests.archive.samples import sample
from tests.network.dicomweb.services import DICOM_JSON, Asked, Reply, results_json, service
from tests.network.hostile import Wire, hostile
from tests.pacs.worklist_items import write_item
from tests.peers.processes import free_port
from tests.running import command, environment, fabricate, write_scenario, write_site

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two CT images in JPEG-LS and one MR image, of a patient with a Japanese name."""
    folder = tmp_path_factory.mktemp("made")
    series = [
        {"modality": "CT", "images": 2, "size": [64, 64], "transfer_syntax": "jpeg-ls"},
        {"modality": "MR", "images": 1, "size": [64, 64]},
    ]
    patients = [{"id": "P1", "name": "YAMADA^TARO=山田^太郎", "studies": [{"series": series}]}]
    scenario = write_scenario(folder / "s.yaml", [{"generate": {"to": "dicom"}}], patients=patients)
    out = folder / "run"
    fabricate("run", scenario, "--registry", ":memory:", "--out", out).check()
    return out / "dicom"


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[EmbeddedPacs]:
    with EmbeddedPacs(tmp_path / "pacs") as pacs:
        yield pacs


def address(pacs: EmbeddedPacs) -> str:
    return f"127.0.0.1:{pacs.port}"


def test_files_go_as_they_are_and_come_back_the_same(
    tmp_path: Path, pacs: EmbeddedPacs, made: Path
) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "README").write_text("no DICOM", encoding="utf-8")
    sent = fabricate("pacs", "send", address(pacs), made, tmp_path / "more").check()
    assert "3 of 3 stored" in sent.out
    got = tmp_path / "got"
    done = fabricate(
        "pacs", "retrieve", address(pacs), "PatientName=yama*", "--to", got, "--format", "json"
    ).check()
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert {row["transfer_syntax_uid"] for row in rows} == {
        "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.1"
    }  # fmt: skip
    before = {one.SOPInstanceUID: one for one in map(dcmread, made.rglob("*.dcm"))}
    after = {one.SOPInstanceUID: one for one in map(dcmread, got.iterdir())}
    assert before == after
    again = fabricate("pacs", "retrieve", address(pacs), "PatientID=P1", "--to", got).check(2)
    assert "is not empty" in again.err


def test_what_cannot_come_is_asked_for_again_without_its_whole_series(
    tmp_path: Path, pacs: EmbeddedPacs
) -> None:
    """The first instance came twice, and the second time its file was there: exit 4 for the PACS's failure."""
    retired = sample(
        number=2, transfer_syntax="1.2.840.10008.1.2.4.55", PixelData=encapsulate([b"retired."])
    )
    for one in (sample(), retired):
        (tmp_path / f"{one.sop_instance_uid}.dcm").write_bytes(one.file)
    fabricate("pacs", "send", address(pacs), *tmp_path.glob("*.dcm")).check()
    got = tmp_path / "got"
    done = fabricate(
        "pacs", "retrieve", address(pacs), "StudyInstanceUID=1.2.3", "--to", got
    ).check(1)
    assert "1 failed" in done.err + done.out
    assert [file.stem for file in got.iterdir()] == [sample().sop_instance_uid]


def test_a_table_is_not_cut_where_no_terminal_is(pacs: EmbeddedPacs, made: Path) -> None:
    fabricate("pacs", "send", address(pacs), made).check()
    done = fabricate("pacs", "query", address(pacs), "study").check()
    uid = dcmread(next(made.rglob("*.dcm"))).StudyInstanceUID
    assert uid in done.out
    assert "YAMADA^TARO=山田^太郎" in done.out
    assert "1 match" in done.err


def test_a_query_gives_json_and_csv_with_the_keys_in_order(pacs: EmbeddedPacs, made: Path) -> None:
    fabricate("pacs", "send", address(pacs), made).check()
    arguments = ("pacs", "query", address(pacs), "study", "patientid=P*", "--return", "PatientName")
    [row] = [
        json.loads(line) for line in fabricate(*arguments, "--format", "json").out.splitlines()
    ]
    assert row["PatientID"] == "P1"
    table = list(csv.reader(io.StringIO(fabricate(*arguments, "--format", "csv").check().out)))
    assert table[0][:2] == ["PatientID", "PatientName"]
    assert table[1][:2] == ["P1", "YAMADA^TARO=山田^太郎"]
    assert (
        "0 matches" in fabricate("pacs", "query", address(pacs), "study", "PatientID=Q").check().err
    )


def test_a_wrong_keyword_is_told_with_the_right_one(pacs: EmbeddedPacs) -> None:
    done = fabricate("pacs", "query", address(pacs), "study", "PatientNam=X").check(2)
    assert "did you mean 'PatientName'?" in done.err


def test_an_instance_that_is_refused_is_1_and_told(tmp_path: Path, made: Path) -> None:
    options = PacsOptions(faults=parse_faults(["answer=A700,share=0.5"]))
    with EmbeddedPacs(tmp_path / "pacs", options=options) as pacs:
        done = fabricate("pacs", "send", address(pacs), made, "--format", "json").check(1)
    statuses = [json.loads(line)["status"] for line in done.out.splitlines()]
    assert sorted(statuses) == ["0000", "A700", "A700"]
    assert "1 of 3 stored" in done.err


@pytest.mark.parametrize("via", ["c-store", "stow"])
def test_bad_files_of_a_folder_are_refused_for_what_they_are_and_the_others_go(
    tmp_path: Path, made: Path, via: str
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    files = sorted(made.rglob("*.dcm"))
    uid = dcmread(files[0]).SOPInstanceUID.encode()
    whole = files[0].read_bytes()
    # A UID with a letter that ASCII lacks, at both of its places; a file cut in its first elements.
    (folder / "0-letter.dcm").write_bytes(whole.replace(uid, uid[:-1] + b"\xe9"))
    (folder / "1-cut.dcm").write_bytes(whole[: whole.rindex(uid)])
    (folder / "2-notes.txt").write_text("no DICOM", encoding="utf-8")
    for number, file in enumerate(files):
        (folder / f"{number + 3}.dcm").write_bytes(file.read_bytes())
    with EmbeddedPacs(tmp_path / "pacs") as pacs:
        to = pacs.open_web() if via == "stow" else address(pacs)
        done = fabricate("pacs", "send", to, folder, "--via", via, "--format", "json").check(1)
    rows = {Path(row["file"]).name: row for row in map(json.loads, done.out.splitlines())}
    assert [rows[f"{n + 3}.dcm"]["status"] for n in range(3)] == ["0000"] * 3
    assert "2-notes.txt" not in rows
    assert f"passed over, as no DICOM: {(folder / '2-notes.txt').as_posix()}" in done.err
    assert "not sent" in rows["1-cut.dcm"]["comment"]
    assert rows["0-letter.dcm"]["status"] != "0000"
    if via == "c-store":
        assert "no command set can hold" in rows["0-letter.dcm"]["comment"]
    assert "3 of 5 stored" in done.err
    assert "broke the protocol" not in done.err + done.out


def test_what_is_no_dicom_file_is_told_when_it_was_named(
    tmp_path: Path, pacs: EmbeddedPacs, made: Path
) -> None:
    wrong = tmp_path / "wrong.dcm"
    wrong.write_bytes(b"no DICOM at all")
    done = fabricate("pacs", "send", address(pacs), made, wrong).check(1)
    assert "3 of 4 stored" in done.out
    assert "not a DICOM file" in done.out
    assert "no DICOM file to send" in fabricate("pacs", "send", address(pacs), wrong).check(5).err


def test_a_pacs_that_is_not_there_is_4() -> None:
    done = fabricate("pacs", "query", f"NOBODY@127.0.0.1:{free_port()}", "study").check(4)
    assert "refused" in done.err


def test_a_target_that_may_be_production_needs_the_flag(tmp_path: Path, pacs: EmbeddedPacs) -> None:
    service = {"host": "127.0.0.1", "port": pacs.port, "ae_title": "EMBEDDED"}
    targets = {"main": {"environment": "production", "dicom": service}}
    site = write_site(tmp_path / "site.yaml", targets)
    refused = fabricate("pacs", "echo", "main", "--site", site).check(2)
    assert "--allow-production" in refused.err
    done = fabricate("pacs", "echo", "main", "--site", site, "--allow-production").check()
    assert "answered 0000" in done.out
    other = fabricate("pacs", "echo", "mian", "--site", site).check(2)
    assert "targets: main" in other.err


def test_ae_titles_are_said_as_asked(tmp_path: Path) -> None:
    options = PacsOptions(check_called_ae_title=True, calling_ae_titles=frozenset({"US"}))
    with EmbeddedPacs(tmp_path / "pacs", "THEM", options=options) as pacs:
        fabricate("pacs", "echo", address(pacs), "--aet", "THEM", "--calling", "US").check()
        fabricate("pacs", "echo", f"THEM@{address(pacs)}", "--calling", "US").check()
        refused = fabricate("pacs", "echo", address(pacs), "--calling", "US").check(4)
        assert "called AE title not recognized" in refused.err
    done = fabricate("pacs", "echo", "ANYBODY@h:1", "--calling", "much too long a title").check(2)
    assert "AE title" in done.err


@pytest.mark.parametrize("arguments", [["echo"], ["query", "study"]], ids=lambda each: each[0])
def test_a_pacs_that_is_not_done_in_time_could_not_be_asked(arguments: list[str]) -> None:
    with hostile(Wire.hang, response_timeout=30) as peer:
        address = f"127.0.0.1:{peer.port}"
        name, *others = arguments
        done = fabricate("pacs", name, address, *others, "--timeout", "0.3").check(4)
    assert f"'{address}' took longer than its timeout of 0.3 s" in done.err
    assert "--timeout" in done.err


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://fab:pw@127.0.0.1:1/dw", "holds a user"),
        ("http://s3cr3t/pw@127.0.0.1:1/dw", "holds a user"),
        ("http://127.0.0.1:99999/dw", "a port"),
    ],
)
def test_a_url_that_is_no_address_is_told(url: str, words: str) -> None:
    assert words in fabricate("pacs", "query", url, "study").check(2).err


class SaysItBack(http.server.BaseHTTPRequestHandler):
    """Refuses everything with the credentials that it was given."""

    def do_GET(self) -> None:
        given = self.headers["Authorization"]
        user = base64.b64decode(given.split()[1]).decode()
        body = json.dumps({"message": f"{user} is unknown, {given}"}).encode()
        self.send_response(400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""


@pytest.mark.parametrize("style", ["text", "json", "csv"])
def test_a_password_that_a_service_says_back_is_not_shown(
    tmp_path: Path, made: Path, style: str
) -> None:
    password = "s3cret-pw,x"
    with http.server.HTTPServer(("127.0.0.1", 0), SaysItBack) as server:
        threading.Thread(target=server.serve_forever).start()
        service = {
            "url": f"http://127.0.0.1:{server.server_port}/dw",
            "auth": {"basic": {"user": "fab", "password": "{{ env.PACS_PASSWORD }}"}},
        }
        site = write_site(tmp_path / "site.yaml", {"pacs": {"dicomweb": service}})
        try:
            for name, argument, code in (("query", "study", 4), ("send", str(made), 1)):
                done = fabricate(
                    "pacs", name, "pacs", argument, "--site", site, "--format", style,
                    env={"PACS_PASSWORD": password},
                ).check(code)  # fmt: skip
                shown = done.out + done.err
                assert "is unknown" in shown
                assert password not in shown
                assert base64.b64encode(f"fab:{password}".encode()).decode() not in shown
        finally:
            server.shutdown()


def test_ctrl_c_ends_a_send_at_once(made: Path) -> None:
    asked = threading.Event()

    def hang(wire: Wire) -> None:
        asked.set()
        wire.hang()

    with hostile(hang, response_timeout=30) as peer:
        process = subprocess.Popen(
            command("pacs", "send", f"127.0.0.1:{peer.port}", made),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(),
        )  # fmt: skip
        assert asked.wait(60)  # a signal before that would be one to a program that has not begun
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr
    assert time.monotonic() - started < 5


def test_a_worklist_is_shown_with_its_scheduled_steps(pacs: EmbeddedPacs) -> None:
    item = Dataset()
    item.PatientID, item.AccessionNumber = "P7", "A7"
    step = Dataset()
    step.Modality, step.ScheduledStationAETitle = "CT", "CT1"
    step.ScheduledProcedureStepStartDate = "20260131"
    item.ScheduledProcedureStepSequence = [step]
    write_item(pacs.worklist, "one", item)
    arguments = ("pacs", "query", address(pacs), "worklist", "Modality=CT", "--format", "json")
    [row] = [json.loads(line) for line in fabricate(*arguments).check().out.splitlines()]
    assert (row["PatientID"], row["Modality"], row["ScheduledStationAETitle"]) == (
        "P7", "CT", "CT1"
    )  # fmt: skip


def test_duplicates_that_a_service_refuses_with_45070_are_not_called_stored(made: Path) -> None:
    def duplicates(asked: Asked) -> Reply:
        body = results_json(None, dict.fromkeys(asked.uids, 45070))
        return Reply(409, body, DICOM_JSON)

    with service(duplicates) as running:
        done = fabricate("pacs", "send", running.peer.url, made).check(1)
    assert "0 of 3 stored" in done.out
    assert done.out.count("B00E  failure") == 3


def test_what_became_of_each_file_is_totalled_after_a_lost_connection(
    tmp_path: Path, made: Path
) -> None:
    options = PacsOptions(faults=parse_faults(["abort=1,on=store"]))
    with EmbeddedPacs(tmp_path / "pacs", options=options) as pacs:
        done = fabricate("pacs", "send", f"EMBEDDED@{address(pacs)}", made).check(4)
    last = done.out.splitlines()[-1]
    assert last.startswith("1 of 3 stored by ")
    assert last.endswith(", 1 perhaps stored, 1 not sent")
    words = [line[6:15] for line in done.out.splitlines()[:-1]]
    assert [word.split()[0] for word in words] == ["success", "no", "not"]
    assert "unknown" not in done.out
