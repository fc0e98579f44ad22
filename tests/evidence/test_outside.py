"""`fabricate report --redact`: evidence that may leave the house."""

from __future__ import annotations

import base64
import html
import json
import struct
import urllib.parse
import zlib
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from scenario_runner.evidence.outside.identities import identifying
from scenario_runner.evidence.record import published_schema
from scenario_runner.redaction.pseudonyms import Pseudonyms
from scenario_runner.redaction.unfolding import Layer
from tests.running import fabricate, record, write_scenario

NAME = "Überlingen^Gerda=山田^太郎=やまだ^たろう"
SECRETS = (
    "Überlingen^Gerda", "Überlingen", "Gerda", "山田^太郎", "山田", "太郎", "やまだ^たろう",
    "MRN-7734-19", "1961-07-09", "19610709", "ACC5512xyz", "Falsename^Erna", "Falsename",
    "Quelle^Siegrid", "Quelle",
)  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that fails by a name that the PACS has changed, and says names in many ways."""
    folder = tmp_path_factory.mktemp("outside")
    series = {"modality": "CT", "images": 2, "size": [64, 64]}
    plain = {**series, "burn_in": False}
    study = {
        "accession": "ACC5512xyz", "referring_physician": "Quelle^Siegrid", "series": [series, plain],
    }  # fmt: skip
    patient = {"id": "MRN-7734-19", "name": NAME, "birth_date": "1961-07-09", "studies": [study]}
    fault = {"alter": {"attribute": "PatientName", "value": "Falsename^Erna", "on": "store"}}
    write_scenario(
        folder / "told.yaml",
        [
            {"misbehave": {"on": "pacs", "faults": [fault]}},
            {"send": {"to": "pacs"}},
            {"log": {"message": "sent %C3%9Cberlingen%5EGerda, &Uuml;berlingen^Gerda of mrn-7734-19"}},
            {"log": {"message": base64.b64encode(b"id: MRN-7734-19 born 19610709").decode()}},
            {"query": {"on": "pacs", "level": "study", "match": {"PatientID": "MRN-7734-19"}}},
            {"retrieve": {"from": "pacs"}, "save_as": "back"},
            {"assert": [{"tags": {"of": "back", "equal": "sent"}}, {"equal": {
                "actual": "{{ patients[0].name }}", "expected": "Falsename^Erna"}}]},
        ],
        patients=[patient],
    )  # fmt: skip
    out = folder / "run"
    fabricate(
        "run", folder / "told.yaml", "--registry", ":memory:", "--pdu-log", "--out", out
    ).check(1)
    fabricate(
        "report", out, "--redact", "--out", folder / "copy", "--requirements", folder / "copy.csv"
    ).check()
    return out


@pytest.fixture(scope="module")
def copy(run: Path) -> Path:
    return run.parent / "copy"


def written(value: str) -> Iterator[bytes]:
    """A value as others write it."""
    utf8 = value.encode()
    yield utf8
    yield urllib.parse.quote(value, safe="").encode()
    yield urllib.parse.quote(value, safe="").lower().encode()
    yield html.escape(value).encode()
    yield value.encode("ascii", "xmlcharrefreplace")
    yield json.dumps(value).strip('"').encode()
    if len(utf8) > 5:
        for before in range(3):
            text = base64.b64encode(b"\0" * before + utf8)
            yield text[(0, 2, 3)[before] : len(text) // 4 * 4 - 4]


def test_nothing_of_anybody_is_left_in_any_file(run: Path, copy: Path) -> None:
    assert "Falsename" in (run / "report.html").read_text("utf-8")
    files = [path for path in copy.rglob("*") if path.is_file()]
    assert {"report.html", "junit.xml", "ctrf.json", "run.json", "manifest.json"} <= {
        path.name for path in files
    }
    for path in files:
        data = path.read_bytes()
        for secret in SECRETS:
            for form in written(secret):
                assert form.lower() not in data.lower(), f"{secret} as {form!r} in {path.name}"


def test_no_uid_of_the_run_is_left(run: Path, copy: Path) -> None:
    uids = [
        uid
        for patient in record(run)["cases"][0]["patients"]
        for study in patient["studies"]
        for series in study["series"]
        for uid in (study["uid"], series["uid"], *(image["uid"] for image in series["images"]))
    ]
    assert len({*uids}) == 7
    for path in copy.rglob("*"):
        if path.is_file():
            text = path.read_bytes().decode("latin-1")
            assert not [uid for uid in uids if uid in text], path.name


def test_the_same_person_has_the_same_pseudonym_and_another_one_another(copy: Path) -> None:
    told = record(copy)
    jsonschema.validate(told, published_schema())
    assert told["redacted"] is True
    case = told["cases"][0]
    (patient,) = case["patients"]
    assert patient["name"] == "PATIENT-1"
    assert patient["id"] == "PATIENT-1-ID"
    messages = [step["message"] for step in case["steps"] if step["step"] == "log"]
    assert messages[0].count("PATIENT-1") == 3
    assert "PATIENT-1-ID" in messages[0]
    tags, equal = next(step["checks"] for step in case["steps"] if step["checks"])
    differing = {one["attribute"]: one for one in tags["kinds"]}["PatientName"]
    assert differing["expected"] == equal["actual"] == "PATIENT-1"
    assert differing["actual"] == equal["expected"]
    assert differing["actual"].startswith("PERSON-")
    assert case["steps"][4]["facts"]["keys"]["PatientID"] == "PATIENT-1-ID"
    assert told["targets"][0]["product"]
    assert case["steps"][5]["facts"]["bytes"] > 4 * 64 * 64


def test_a_picture_stays_where_no_text_is_burned_in_and_loses_what_is_beside_its_pixels(
    run: Path, copy: Path
) -> None:
    before, after = (
        {
            one["path"]: one
            for step in record(folder)["cases"][0]["steps"]
            for one in step["attachments"]
        }
        for folder in (run, copy)
    )
    pictures = [one for one in before.values() if one["media_type"] == "image/png"]
    assert {one["subject"]["shows_nobody"] for one in pictures} == {True, False}
    kept = [one for one in after.values() if one["media_type"] == "image/png"]
    assert {one["subject"]["series"] for one in kept} == {"p1.s1.e2"}
    for one in kept:
        assert (copy / one["path"]).read_bytes().startswith(b"\x89PNG")
    assert all((copy / path).exists() for path in after)
    assert {path.relative_to(copy).as_posix() for path in copy.glob("evidence/**/*.*")} == {*after}
    stayed = len(before) - len(after)
    assert f"{stayed} of the files of evidence" in record(copy)["remarks"][-1]


def test_texts_in_a_picture_do_not_leave() -> None:
    from scenario_runner.evidence.outside.files import _pixels_alone

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    start, end = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"\0" * 13), chunk(b"IEND", b"")
    assert _pixels_alone(start + chunk(b"tEXt", b"Title\0Gerda") + end) == start + end


def test_without_a_folder_the_copy_stands_beside_the_run_which_stays_as_it_was(
    run: Path,
) -> None:
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    done = fabricate("report", run, "--redact").check()
    assert str(run.with_name("run-redacted") / "report.html") in done.out
    assert before == {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    fabricate("verify", run.with_name("run-redacted")).check()


@pytest.mark.parametrize(
    ("name", "keyword"),
    [
        ("PatientName", "PatientName"),
        ("RequestAttributesSequence[0].AccessionNumber", "AccessionNumber"),
        ("00100020", "PatientID"),
        ("00080018", "SOPInstanceUID"),
        ("OperatorsName", "OperatorsName"),
        ("SOPClassUID", None),
        ("implementation_class_uid", None),
        ("StudyDescription", None),
        ("Modality", None),
    ],
)
def test_what_says_who_somebody_is(name: str, keyword: str | None) -> None:
    assert identifying(name) == keyword


def test_words_of_a_sentence_are_no_names() -> None:
    words = Pseudonyms()
    words.value("Mora^William", "PATIENT-1")
    words.part("Mora", "PATIENT-1")
    words.part("Li", "PATIENT-2")
    assert words.text("temporarily listed for Mora") == "temporarily listed for PATIENT-1"
    assert words.text("memorandum of MORA^WILLIAM") == "memorandum of PATIENT-1"


def test_of_ten_thousand_people_few_are_looked_for_in_a_text() -> None:
    words = Pseudonyms()
    for number in range(10_000):
        words.value(f"PID{number:07}", f"PATIENT-{number}-ID")
    text = "7 instances of PID0000007 were sent to the PACS"
    assert words.text(text) == "7 instances of PATIENT-7-ID were sent to the PACS"
    assert len(words._candidates(Layer(text))) < 100
    shown = " ".join(f"{byte:02X}" for byte in b"PID0000007")
    assert words.text(f"value {shown}.") == "value PATIENT-7-ID."
    assert words.text("the value 'PID00000'") == "the value '•••'"


@pytest.mark.parametrize("name", ["CHANGED^NAME", "Case^Justin", "Step^Outcome", "Kind^Subject"])
def test_somebody_who_is_called_like_a_key_of_the_record_breaks_no_copy(name: str) -> None:
    from scenario_runner.evidence.outside.learning import learned
    from scenario_runner.evidence.outside.record import redacted
    from scenario_runner.evidence.record import CaseRecord, CheckRecord, RunRecord, StepRecord

    differs = {
        "subject": "1.2.3.4", "attribute": "PatientName", "expected": "DOE^JANE", "actual": name,
    }  # fmt: skip
    check = CheckRecord.model_validate(
        {"check": "tags", "outcome": "failed", "message": f"{name} came", "differences": [differs]}
    )
    step = StepRecord(id="s", step="assert", outcome="failed", checks=[check])
    run = RunRecord(id="r", outcome="failed", cases=[
        CaseRecord(id="c", name="c", outcome="failed", steps=[step])])  # fmt: skip
    [told] = redacted(run, learned(run), 0).cases[0].steps[0].checks
    assert name not in told.model_dump_json()
    assert told.differences[0].attribute == "PatientName"


def test_the_studies_of_archives_have_no_numbers_in_a_copy() -> None:
    from scenario_runner.evidence.outside.learning import learned
    from scenario_runner.evidence.outside.record import redacted
    from scenario_runner.evidence.record import CaseRecord, CheckRecord, RunRecord, StepRecord

    called = "study 1.2.840.1.77 (accession number QX-55812)"
    lacking = {
        "subject": "1.2.840.1.78", "attribute": "StudyInstanceUID",
        "expected": "on both (accession number QX-77199)", "actual": "not on 'new'",
    }  # fmt: skip
    check = CheckRecord.model_validate({
        "check": "migrate", "outcome": "failed", "message": f"the first is in {called}",
        "differences": [lacking],
    })  # fmt: skip
    step = StepRecord(
        id="s", step="migrate", outcome="failed", checks=[check], message=f"1 different; {called}"
    )
    run = RunRecord(id="r", outcome="failed", cases=[
        CaseRecord(id="c", name="c", outcome="failed", steps=[step])])  # fmt: skip
    dumped = redacted(run, learned(run), 0).model_dump_json()
    for secret in ("1.2.840.1.7", "QX-55812", "QX-77199"):
        assert secret not in dumped
    assert "1 different; study " in dumped
    assert "not on 'new'" in dumped


def test_a_message_of_hl7_keeps_its_form_and_loses_its_people(tmp_path: Path) -> None:
    from scenario_runner.evidence.outside.learning import learned
    from scenario_runner.evidence.outside.record import redacted
    from scenario_runner.evidence.record import CaseRecord, RunRecord, StepRecord

    text = (
        "MSH|^~\\&|RIS|HOSP|PACS|X|20260101||ORM^O01|1|P|2.5\n"
        "PID|1||88123^^^HOSP||Doe^Jane^Q||19700102|F|||1 Long Street^^Town\n"
        "OBR|1|PL-1|FI-1|CTHEAD^CT head|||20260101||||||sore knee of Jane||||||AC-1"
    )
    step = StepRecord(
        id="s", step="hl7_send", outcome="passed", facts={"message": text},
        message="Jane Doe (88123) was announced",
    )  # fmt: skip
    run = RunRecord(id="r", outcome="passed", cases=[
        CaseRecord(id="c", name="c", outcome="passed", steps=[step])])  # fmt: skip
    told = redacted(run, learned(run), 0).cases[0].steps[0]
    dumped = json.dumps(told.model_dump())
    for secret in ("Doe", "Jane", "88123", "19700102", "Long Street", "knee", "AC-1", "PL-1"):
        assert secret not in dumped
    assert "MSH|^~\\\\&|RIS|HOSP" in dumped
    assert "CTHEAD^CT head" in dumped
    assert told.message.startswith("PERSON-1 PERSON-1 (PATIENT-ID-1)")
