"""What a study goes through: judged, described, kept as it came, or refused with the reason."""

from __future__ import annotations

import errno
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from scenario_runner.errors import MachineError
from scenario_runner.service.errors import Malformed, NotThere, TooLarge, Unavailable
from scenario_runner.service.validator.events import KEPT, REQUEST, UPLOADED, Event, now
from scenario_runner.service.validator.folder import StudyFolder
from scenario_runner.service.validator.journal import Journal
from scenario_runner.service.validator.mending import mend
from scenario_runner.service.validator.opened import Opened
from scenario_runner.service.validator.roles import Descriptor, Validator
from scenario_runner.service.validator.service import JOURNAL, open_validator
from scenario_runner.service.validator.stages import Stages
from scenario_runner.service.validator.worker import Acted
from tests.conformance.objects import Object, put, tag
from tests.service.validator.studies import (
    IN_ORDER,
    begun,
    described,
    file,
    names,
    running,
    sent,
    settings,
)


def test_a_study_is_kept_byte_for_byte_and_described(tmp_path: Path) -> None:
    content = file()
    with running(tmp_path) as service:
        event = sent(service, content)
        status = service.gateway.status(event.study)
    assert [one["event"] for one in status["events"]] == IN_ORDER
    assert (status["status"], status["errors"]) == ("stored", [])
    folder = tmp_path / "studies" / event.study
    assert sorted(one.name for one in folder.iterdir()) == [
        "metadata.json", "original.dcm", "validation.log"
    ]  # fmt: skip
    assert (folder / "original.dcm").read_bytes() == content
    found = described(tmp_path, event.study)
    assert list(found) == [
        "study_id", "file", "patient", "study", "equipment", "exposure", "institution", "series", "images"
    ]  # fmt: skip
    assert found["patient"]["name"] == "MUSTER^ANNA"
    assert found["study"]["date"] == "2024-02-29"
    assert found["images"][0]["rows"] == 8
    log = (folder / "validation.log").read_text("utf-8")
    assert "passed    type-1                 PS3.5 7.4.1" in log
    assert "outcome valid" in log
    assert not any((tmp_path / "work").iterdir())


def test_a_study_without_a_required_attribute_is_refused_and_each_is_named(tmp_path: Path) -> None:
    content = file(lambda one: one.pop(tag("PatientID")), lambda one: put(one, "StudyDate", ""))
    with running(tmp_path) as service:
        event = sent(service, content)
        status = service.gateway.status(event.study)
    assert status["status"] == "invalid"
    assert [one["event"] for one in status["events"]] == [
        "study.uploaded", "validation.request", "validation.failed"
    ]  # fmt: skip
    assert event.data["code"] == "required-attribute-missing"
    assert [one["attribute"] for one in status["errors"]] == ["PatientID", "StudyDate"]
    assert not any((tmp_path / "studies").iterdir())
    log = (tmp_path / "rejected" / event.study / "validation.log").read_text("utf-8")
    assert "failed    PatientID" in log
    assert not (tmp_path / "rejected" / event.study / "original.dcm").exists()


def test_what_is_refused_is_kept_where_the_site_wants_it(tmp_path: Path) -> None:
    content = file(lambda one: one.pop(tag("Modality")))
    with running(tmp_path, keep_rejected=True) as service:
        event = sent(service, content)
    assert (tmp_path / "rejected" / event.study / "original.dcm").read_bytes() == content


@pytest.mark.parametrize(
    ("reject", "refused"),
    [("required", False), ("errors", True), (["vr-form"], True), (["uid"], False)],
)
def test_the_site_says_which_rules_refuse(tmp_path: Path, reject: Any, *, refused: bool) -> None:
    content = file(lambda one: put(one, "BodyPartExamined", "Abdomen"))
    with running(tmp_path, reject=reject) as service:
        event = sent(service, content)
    assert event.name == ("validation.failed" if refused else "study.processed")
    if not refused:
        assert event.data["found"]["errors"] == 1


def test_the_site_says_what_is_described_and_required(tmp_path: Path) -> None:
    with running(
        tmp_path, required=["KVP"], metadata={"patient": {"chart": "PatientID"}}
    ) as service:
        event = sent(service, file())
    assert described(tmp_path, event.study)["patient"] == {"chart": "CT-1"}
    assert described(tmp_path, event.study)["series"][0]["modality"] == "CT"


@pytest.mark.parametrize(
    "content", [b"", b"PK\3\4 no picture", bytes(200), b"\0" * 128 + b"DICM"[:3]]
)
def test_what_is_no_dicom_is_said_at_once_and_leaves_nothing(
    tmp_path: Path, content: bytes
) -> None:
    with running(tmp_path) as service:
        incoming = service.gateway.begin()
        if content:
            incoming.write(content)
        with pytest.raises(Malformed, match="no DICOM"):
            incoming.finish()
        assert service.gateway.under_way == 0
    assert not any((tmp_path / "work").iterdir())


def test_a_cut_file_is_refused_as_damaged(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        for cut in (600, len(file()) // 2, len(file()) - 1):
            event = sent(service, file()[:cut])
            assert event.data["code"] == "damaged"
    assert not any((tmp_path / "studies").iterdir())


def test_a_file_that_is_too_large_is_refused_while_it_comes(tmp_path: Path) -> None:
    with running(tmp_path, most_bytes=1000) as service:
        incoming = service.gateway.begin()
        incoming.write(file()[:900])
        with pytest.raises(TooLarge):
            incoming.write(bytes(101))
        assert service.gateway.under_way == 0
    assert not any((tmp_path / "work").iterdir())


def test_more_studies_at_once_than_allowed_are_asked_to_come_later(tmp_path: Path) -> None:
    with running(tmp_path, most_waiting=2) as service:
        held = [service.gateway.begin() for _ in range(2)]
        with pytest.raises(Unavailable):
            service.gateway.begin()
        for one in held:
            one.abort()
        assert sent(service, file()).name == "study.processed"


HOSTILE = "../../../<script>alert(1)</script>'\"&\u202e"


def test_names_with_markup_and_paths_are_data_and_nothing_else(tmp_path: Path) -> None:
    text = HOSTILE.encode()
    keywords = ("PatientID", "PatientName", "StudyID", "StudyDescription", "InstitutionName")
    content = file(
        lambda one: put(one, "SpecificCharacterSet", "ISO_IR 192"),
        *(lambda one, k=k: put(one, k, text + b" " * (len(text) % 2)) for k in keywords),
        lambda one: put(one, "StudyInstanceUID", b"../../etc/passwd"),
    )
    with running(tmp_path) as service:
        event = sent(service, content)
    assert event.name == "study.processed"
    everything = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*")}
    assert everything <= {
        "work", "studies", "rejected", JOURNAL, f"{JOURNAL}-wal", f"{JOURNAL}-shm", "validator.lock"
    }  # fmt: skip
    assert described(tmp_path, event.study)["patient"]["id"] == HOSTILE
    assert "\u202e" not in (tmp_path / "studies" / event.study / "validation.log").read_text(
        "utf-8"
    )


def test_an_id_that_is_none_of_ours_is_never_looked_for(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    with running(tmp_path) as service:
        for study in ("../secret", "secret", "", "A" * 32, "\0"):
            with pytest.raises(NotThere):
                service.gateway.status(study)


def test_what_a_killed_process_left_goes_on(tmp_path: Path) -> None:
    content, study, half = file(), "a" * 32, "b" * 32
    folder = StudyFolder(tmp_path)
    begun(folder, study, content)
    begun(folder, half, content[:100])
    with journal_of(tmp_path) as journal:
        said = {"size": len(content), "sha256": digest(content)}
        uploaded = Event(study, UPLOADED, now(), data=said)
        journal.write([uploaded, uploaded.then(REQUEST, **said)]).result()
    with running(tmp_path) as service:
        wait_for(lambda: service.gateway.status(study)["status"] == "stored")
        assert names(service, study) == IN_ORDER
        with pytest.raises(NotThere):
            service.gateway.status(half)
    assert (tmp_path / "studies" / study / "original.dcm").read_bytes() == content
    assert not any((tmp_path / "work").iterdir())


def test_acting_twice_changes_nothing(tmp_path: Path) -> None:
    """Each role may be asked again at any time: it was killed before it could say that it had done it."""
    content, study = file(), "c" * 32
    folder, given = StudyFolder(tmp_path), settings()
    begun(folder, study, content)
    said = {"size": len(content), "sha256": digest(content)}
    request = Event(study, REQUEST, now(), data=said)
    validator, descriptor = (role(folder, given, Opened()) for role in (Validator, Descriptor))
    first, second = validator.act([request])[0], validator.act([request])[0]
    assert isinstance(first, Acted)
    assert isinstance(second, Acted)
    assert [one.id for one in first.events] == [one.id for one in second.events]
    stored = [descriptor.act([first.events[-1]])[0] for _ in range(3)]
    ids = [[event.id for event in one.events] for one in stored if isinstance(one, Acted)]
    assert ids == [[f"{study}.0.{name}" for name in IN_ORDER[4:]]] * 3
    assert validator.act([request]) == [Acted(())]


def test_a_study_is_not_stored_without_its_description(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, study = file(), "e" * 32
    folder, given, opened = StudyFolder(tmp_path), settings(), Opened()
    begun(folder, study, content)
    said = {"size": len(content), "sha256": digest(content)}
    [judged] = Validator(folder, given, opened).act([Event(study, REQUEST, now(), data=said)])
    assert isinstance(judged, Acted)
    descriptor, write, full = Descriptor(folder, given, opened), StudyFolder.write, [True]

    def once_full(self: StudyFolder, *what: Any) -> Any:
        if full.pop():
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(self, *what)

    monkeypatch.setattr(StudyFolder, "write", once_full)
    assert isinstance(descriptor.act([judged.events[-1]])[0], OSError)
    assert not any((tmp_path / "studies").iterdir())
    full.append(False)
    [stored] = descriptor.act([judged.events[-1]])
    assert isinstance(stored, Acted)
    [kept] = [one for one in stored.events if one.name == "storage.completed"]
    for name, told in kept.data["files"].items():
        assert told["sha256"] == digest((tmp_path / "studies" / study / name).read_bytes())


def test_an_original_that_the_disk_changed_is_never_called_valid(tmp_path: Path) -> None:
    content, study = file(), "d" * 32
    folder = StudyFolder(tmp_path)
    begun(folder, study, content[:-2] + b"\1\1")
    said = {"size": len(content), "sha256": digest(content)}
    [answer] = Validator(folder, settings(), Opened()).act(
        [Event(study, REQUEST, now(), data=said)]
    )
    assert isinstance(answer, MachineError)


def test_a_role_that_gives_up_says_why_and_tries_again_when_asked(tmp_path: Path) -> None:
    with running(tmp_path, attempts=2) as service:
        studies = tmp_path / "studies"
        studies.rmdir()
        studies.write_bytes(b"")  # nothing can be moved there
        event = sent(service, file())
        assert event.name == "study.failed"
        assert event.data["kind"] == "storage"
        assert service.gateway.status(event.study)["status"] == "failed"
        [given_up] = service.journal.refused()
        assert (given_up.role, given_up.event and given_up.event.name) == (
            "descriptor", "study.validated"
        )  # fmt: skip
        assert given_up.reason
        studies.unlink()
        studies.mkdir()
        with journal_of(tmp_path) as elsewhere:  # as the command does, in another process
            assert elsewhere.put_back(given_up.id) is not None
            assert elsewhere.put_back(given_up.id) is None
        wait_for(lambda: service.gateway.status(event.study)["status"] == "stored")
        assert service.journal.refused() == []
    assert (studies / event.study / "metadata.json").exists()


def test_one_study_that_cannot_be_judged_takes_no_other_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scenario_runner.service.validator import judging, roles

    poison = file(lambda one: put(one, "PatientID", "POISON"))
    real = judging.verdict_on

    def verdict_on(read: Any, given: Any) -> Any:
        if read.data.text("PatientID") == "POISON":
            raise RecursionError("as a defect of ours would")
        return real(read, given)

    monkeypatch.setattr(roles, "verdict_on", verdict_on)
    with running(tmp_path, attempts=2) as service:
        taken = []
        for content in (file(), poison, file(index=1)):
            incoming = service.gateway.begin()
            incoming.write(content)
            taken.append(incoming.finish())
        ends = [one.outcome.result(60).name for one in taken]
        assert ends == ["study.processed", "study.failed", "study.processed"]
        [refused] = service.journal.refused()
        assert "RecursionError" in refused.reason


def test_a_defect_ends_no_role_and_loses_no_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, times = Journal.write, iter(range(100))

    def write(self: Journal, *given: Any, **more: Any) -> Any:
        if more.get("done") and next(times) < 2:
            raise KeyError(180)
        return real(self, *given, **more)

    monkeypatch.setattr(Journal, "write", write)
    with running(tmp_path) as service:
        assert sent(service, file()).name == "study.processed"


def test_what_was_in_the_hands_of_many_that_were_killed_is_still_acted_on(tmp_path: Path) -> None:
    content, study = file(), "a" * 32
    begun(StudyFolder(tmp_path), study, content)
    said = {"size": len(content), "sha256": digest(content)}
    with journal_of(tmp_path) as journal:
        journal.write([Event(study, REQUEST, now(), data=said)]).result()
        [pending] = journal.pending()
        for _ in range(10):
            journal.write(tried=[pending.seq]).result()
    with running(tmp_path) as service:
        wait_for(lambda: service.gateway.status(study)["status"] == "stored")


def test_after_a_power_cut_what_the_disk_lost_is_made_again(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        events = [sent(service, file(index=index)) for index in range(3)]
    kept = [tmp_path / "studies" / one.study for one in events]
    before = [{path.name: path.read_bytes() for path in folder.iterdir()} for folder in kept]
    (kept[0] / "metadata.json").write_bytes(b"")
    (kept[1] / "metadata.json").unlink()
    os.truncate(kept[1] / "validation.log", 100)
    with journal_of(tmp_path) as journal:
        folder = StudyFolder(tmp_path)
        assert mend(folder, journal, settings(), booted=0.0) == 0
        assert mend(folder, journal, settings(), booted=now().timestamp() + 1) == 2
    assert [
        {path.name: path.read_bytes() for path in folder.iterdir()} for folder in kept
    ] == before


def test_a_folder_has_one_validator(tmp_path: Path) -> None:
    with running(tmp_path), pytest.raises(MachineError, match="in use"):
        open_validator(tmp_path, settings())


def test_many_at_once_are_each_in_order(tmp_path: Path) -> None:
    outcomes: list[Event] = []
    with running(tmp_path) as service:

        def some() -> None:
            outcomes.extend(sent(service, file(index=index)) for index in range(15))

        threads = [threading.Thread(target=some) for _ in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert all(names(service, one.study) == IN_ORDER for one in outcomes)
        kept = service.journal.newest(KEPT, 100)
    assert len({one.study for one in outcomes}) == len(kept) == 60
    assert service.gateway.under_way == 0
    assert len(list((tmp_path / "studies").iterdir())) == 60


def test_an_enhanced_object_is_described_from_its_functional_groups() -> None:
    import io

    from scenario_runner.conformance.reader import read_stream
    from scenario_runner.service.validator.describing import metadata_of
    from tests.conformance import objects

    made = objects.ct()
    made.pop(tag("KVP"))
    exposure: Object = {}
    put(exposure, "KVP", "100 ")
    made[tag("SharedFunctionalGroupsSequence")] = [{tag("CTXRayDetailsSequence"): [exposure]}]
    read = read_stream(io.BytesIO(objects.part10(made)))
    found = json.loads(metadata_of(Event("e" * 32, REQUEST, now()), read, settings().metadata))
    assert found["exposure"]["kvp"] == 100.0


def test_each_stage_tells_how_long_it_took(tmp_path: Path) -> None:
    found: list[tuple[str, float]] = []
    with running(tmp_path) as service:
        service.journal.listen(Stages(lambda stage, seconds: found.append((stage, seconds))).told)
        sent(service, file())
        sent(service, file(lambda one: one.pop(tag("PatientID"))))
    assert [stage for stage, _ in found] == [
        "validator_judged", "validator_stored", "validator_judged"
    ]  # fmt: skip
    assert all(0 < seconds < 60 for _, seconds in found)


def journal_of(data: Path) -> Journal:
    """The journal of a folder."""
    return Journal(data / JOURNAL)


def digest(content: bytes) -> str:
    """SHA-256."""
    import hashlib

    return hashlib.sha256(content).hexdigest()


def wait_for(happened: Any) -> None:
    """Until it has, at most half a minute."""
    import time

    until = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.02)
