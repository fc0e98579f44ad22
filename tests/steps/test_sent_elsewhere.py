"""What a case sent stays its own when another PACS passes it on: fetched back, compared, deleted there."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.pacs.options import Destination, PacsOptions
from scenario_runner.pacs.server import EmbeddedPacs
from tests.running import fabricate, record, steps, write_scenario, write_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BOTH = {
    "first": {"embedded": {"ae_title": "FIRST"}},
    "second": {"embedded": {"ae_title": "SECOND"}},
}
MOVE = {"retrieve": {"from": "first", "via": "c-move", "destination": "SECOND"}}
COMPARE = {
    "assert": [
        {"tags": {"of": "back", "equal": "sent"}},
        {"pixels": {"of": "back", "equal": "sent"}},
    ]
}
BACK = {"retrieve": {"from": "second"}, "save_as": "back"}


def run(
    tmp_path: Path, site: Path, entries: list[Any], code: int = 0, **scenario: Any
) -> dict[str, dict[str, Any]]:
    file = write_scenario(tmp_path / "s.yaml", entries, **scenario)
    out = tmp_path / "run"
    fabricate("run", file, "--site", site, "--registry", ":memory:", "--out", out).check(code)
    return steps(record(out))


@pytest.mark.parametrize("misbehaves", [False, True])
def test_two_embedded_pacs_of_a_site_send_to_each_other(tmp_path: Path, misbehaves: bool) -> None:
    site = write_site(tmp_path / "site.yaml", BOTH)
    # With such a step each case has PACS of its own, which have to know each other, too.
    first = [{"misbehave": {"on": "first", "faults": []}}] if misbehaves else []
    entries = [
        *first,
        {"send": {"to": "first"}},
        MOVE,
        {"assert": [{"stored": {"on": "second"}}]},
        # Gone where it was sent to; that it was sent stays true.
        {"delete": {"from": "first"}},
        BACK,
        COMPARE,
        {"delete": {"from": "second"}},
        {"query": {"on": "second", "level": "study"}, "save_as": "left"},
        {"assert": [{"empty": {"actual": "{{ left }}"}}]},
    ]
    result = run(tmp_path, site, entries)
    assert result["retrieve"]["facts"]["targets"] == ["second"]
    assert result["retrieve-2"]["facts"]["instances"] == 2
    assert result["delete-2"]["message"] == "1 study deleted"


@pytest.mark.parametrize(("converts", "code"), [(True, 0), (False, 1)])
def test_what_a_pacs_is_known_to_convert_is_expected_of_what_it_sends_on(
    tmp_path: Path, converts: bool, code: int
) -> None:
    """The first one writes what it takes in UTF-8, for the sake of a name of its own that Latin-1 lacks."""
    first = {"ae_title": "FIRST", "coerce": {"InstitutionName": "ΑΩ"}}
    expects = {"converts_character_sets": converts}
    site = write_site(
        tmp_path / "site.yaml", {**BOTH, "first": {"embedded": first, "expects": expects}}
    )
    compare = {"tags": {"of": "back", "equal": "sent", "except": ["InstitutionName"]}}
    entries = [{"send": {"to": "first"}}, MOVE, BACK, {"assert": [compare]}]
    series = [{"modality": "CT", "images": 1, "size": [16, 16]}]
    patients = [
        {"name": "Grün^Änne", "character_set": "ISO_IR 100", "studies": [{"series": series}]}
    ]
    message = run(tmp_path, site, entries, code, patients=patients)["assert"]["message"]
    assert ("SpecificCharacterSet" in message) is not converts


@pytest.mark.peer
def test_an_embedded_pacs_with_tls_and_users_is_sent_to_as_well(
    tmp_path: Path,
) -> None:
    certificate, key = tmp_path / "server.pem", tmp_path / "server.key"
    openssl = shutil.which("openssl")
    assert openssl is not None, "openssl is not installed"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=server", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    tls = {"certificate": str(certificate), "key": str(key)}
    second = {"ae_title": "SECOND", "tls": tls, "users": {"u": "w"}}
    site = write_site(tmp_path / "site.yaml", {**BOTH, "second": {"embedded": second}})
    entries = [{"send": {"to": "first"}}, MOVE, BACK, COMPARE]
    assert run(tmp_path, site, entries)["retrieve-2"]["facts"]["instances"] == 2


def test_what_was_moved_to_nobody_of_the_site_is_told(tmp_path: Path) -> None:
    with EmbeddedPacs(tmp_path / "other") as other:
        place = {"host": other.host, "port": other.port}
        first = {"embedded": {"ae_title": "FIRST", "destinations": {"OTHER": place}}}
        site = write_site(tmp_path / "site.yaml", {"first": first})
        entries = [
            {"send": {"to": "first"}},
            {"retrieve": {"from": "first", "via": "c-move", "destination": "OTHER"}},
        ]
        result = run(tmp_path, site, entries)["retrieve"]
    assert "no target of the site" in result["message"]


@contextlib.contextmanager
def forwarding(tmp_path: Path) -> Iterator[tuple[EmbeddedPacs, Path]]:
    """A PACS that comes by studies on ways that the site file does not tell, and the site file."""
    with EmbeddedPacs(tmp_path / "pacs", "HIDDEN") as second:
        url = second.open_web()
        destinations = {"HIDDEN": Destination(second.host, second.port)}
        with EmbeddedPacs(
            tmp_path / "first", "FIRST", options=PacsOptions(destinations=destinations)
        ) as first:
            targets = {
                "first": {
                    "dicom": {"host": first.host, "port": first.port, "ae_title": "FIRST"},
                },
                "second": {
                    "dicom": {"host": second.host, "port": second.port, "ae_title": "ELSE"},
                    "dicomweb": {"url": url},
                    "expects": {"dicomweb_delete": True},
                },
            }
            yield second, write_site(tmp_path / "site.yaml", targets)


FORWARD = {"retrieve": {"from": "first", "via": "c-move", "destination": "HIDDEN"}}


@pytest.mark.parametrize("asked", [{}, {"match": {"StudyInstanceUID": "{{ studies[0].uid }}"}}])
def test_a_forwarded_study_is_compared_and_deleted_where_it_came(
    tmp_path: Path, asked: dict[str, Any]
) -> None:
    entries = [
        {"send": {"to": "first"}},
        FORWARD,
        {"wait": {"on": "second", "until": {"stored": "all"}, "timeout": "5s"}},
        {"assert": [{"stored": {"on": "second"}}]},
        {"retrieve": {"from": "second", **asked}, "save_as": "back"},
        COMPARE,
        {"delete": {"from": "second"}},
        {"delete": {"from": "second"}, "id": "again"},
    ]
    with forwarding(tmp_path) as (_, site):
        result = run(tmp_path, site, entries)
    assert result["delete"]["facts"]["deleted_in_all"] == 1
    assert result["again"]["message"].startswith("nothing to delete")


@pytest.mark.parametrize("arrives", [True, False])
def test_what_a_refused_move_did_not_bring_is_not_said_to_stay_there(
    tmp_path: Path, arrives: bool
) -> None:
    """Of a target without a way to delete, only what is there stays there."""
    with EmbeddedPacs(tmp_path / "pacs", "SECOND") as second:
        place = {"SECOND": Destination(second.host, second.port)} if arrives else {}
        options = PacsOptions(destinations=place)
        with EmbeddedPacs(tmp_path / "first", "FIRST", options=options) as first:
            targets = {
                one.ae_title.lower(): {
                    "dicom": {"host": one.host, "port": one.port, "ae_title": one.ae_title}
                }
                for one in (first, second)
            }
            site = write_site(tmp_path / "site.yaml", targets)
            entries = [{"send": {"to": "first"}}, MOVE]
            last = [{"delete": {"from": "second"}}]
            result = run(tmp_path, site, entries, code=not arrives, **{"finally": last})
    assert len(result["delete"]["facts"].get("left", [])) == arrives
    assert ("its study stays there" in result["delete"]["message"]) == arrives
    assert result["delete"]["outcome"] == ("skipped" if arrives else "passed")


def test_frames_of_a_forwarded_study_are_those_that_were_sent(tmp_path: Path) -> None:
    entries = [
        {"send": {"to": "first"}},
        FORWARD,
        {"retrieve": {"from": "second", "as": "frames"}, "save_as": "back"},
        {"assert": [{"pixels": {"of": "back", "equal": "sent"}}]},
    ]
    with forwarding(tmp_path) as (_, site):
        assert run(tmp_path, site, entries)["retrieve-2"]["facts"]["parts"] == 2


def test_a_part_that_was_not_forwarded_fails_the_comparison(tmp_path: Path) -> None:
    half = {
        "retrieve": {
            "from": "first", "via": "c-move", "destination": "HIDDEN", "level": "image",
            "match": {
                "StudyInstanceUID": "{{ studies[0].uid }}",
                "SeriesInstanceUID": "{{ series[0].uid }}",
                "SOPInstanceUID": "{{ images[0].uid }}",
            },
        }
    }  # fmt: skip
    entries = [{"send": {"to": "first"}}, half, BACK, COMPARE]
    with forwarding(tmp_path) as (_, site):
        result = run(tmp_path, site, entries, code=1)
    assert result["retrieve-2"]["message"] == "1 instance retrieved, of 2 that this case sent"
    for check in result["assert"]["checks"]:
        assert [(one["expected"], one["actual"]) for one in check["differences"]] == [
            ("sent", "not retrieved")
        ]


def test_a_study_that_somebody_else_has_added_to_is_left_alone(tmp_path: Path) -> None:
    def sending(to: str) -> dict[str, Any]:
        study = {"tags": {"StudyInstanceUID": "1.2.3.4"}}
        series = [{"modality": "CT", "images": 1, "size": [64, 64]}]
        patients = [{"id": "A", "studies": [{**study, "series": series}]}]
        return {"entries": [{"send": {"to": to}}], "patients": patients}

    with forwarding(tmp_path) as (second, site):
        theirs, ours = sending("second"), sending("first")
        run(tmp_path, site, theirs["entries"], patients=theirs["patients"])
        (tmp_path / "run").rename(tmp_path / "theirs")
        entries = [*ours["entries"], {"delete": {"from": "second"}}]
        result = run(tmp_path, site, entries, code=1, patients=ours["patients"], seed=2)
        assert second.archive.counts().studies == 1
    assert "holds what this case did not send" in result["delete"]["message"]
    assert result["delete"]["facts"]["left_alone"] == ["1.2.3.4"]


def test_two_names_of_one_pacs_can_both_be_cleaned(tmp_path: Path) -> None:
    with EmbeddedPacs(tmp_path / "pacs", "PACS") as pacs:
        url = pacs.open_web()
        web = {"dicomweb": {"url": url}, "expects": {"dicomweb_delete": True}}
        dimse = {"dicom": {"host": pacs.host, "port": pacs.port, "ae_title": "PACS"}}
        site = write_site(tmp_path / "site.yaml", {"pacs": {**dimse, **web}, "web": web})
        entries = [
            {"send": {"to": "pacs"}},
            {"delete": {"from": "web"}},
            {"delete": {"from": "pacs"}},
        ]
        result = run(tmp_path, site, entries)
    assert result["delete"]["message"] == "1 study deleted"


@pytest.mark.parametrize("some", [True, False])
def test_what_the_other_target_does_not_take_is_not_moved_there_and_accuses_nobody(
    tmp_path: Path, some: bool
) -> None:
    takes = "CTImageStorage" if some else "MRImageStorage"
    second = {"ae_title": "SECOND", "sop_classes": [takes]}
    declared = {"embedded": second, "expects": {"sop_classes": [takes]}}
    site = write_site(tmp_path / "site.yaml", {**BOTH, "second": declared})
    kinds = ("CT", "CR", "CT") if some else ("CT",)
    series = [{"modality": kind, "images": 2, "size": [64, 64]} for kind in kinds]
    entries: list[Any] = [{"send": {"to": "first"}}, MOVE]
    if some:
        entries += [{"assert": [{"stored": {"on": "second"}}]}, BACK, COMPARE]
    result = run(tmp_path, site, entries, patients=[{"studies": [{"series": series}]}])
    moved = result["retrieve"]
    assert moved["outcome"] == ("passed" if some else "skipped")
    assert "left out: 'second' takes no" in moved["message"]
    assert moved["message"].endswith("1 series, 2 instances")
    assert [one["instances"] for one in moved["facts"]["left_out"]] == [2]
    if some:
        assert moved["message"].startswith("4 instances sent to SECOND")
        assert result["retrieve-2"]["facts"]["instances"] == 4


def test_a_move_that_is_said_to_fail_is_of_everything(tmp_path: Path) -> None:
    second = {"ae_title": "SECOND", "sop_classes": ["MRImageStorage"]}
    declared = {"embedded": second, "expects": {"sop_classes": ["MRImageStorage"]}}
    site = write_site(tmp_path / "site.yaml", {**BOTH, "second": declared})
    run(tmp_path, site, [{"send": {"to": "first"}}, {**MOVE, "fails": "2 failed"}])


@pytest.mark.parametrize("via", ["c-get", "c-move"])
def test_whatever_was_sent_is_retrieved_at_every_level(tmp_path: Path, via: str) -> None:
    site = write_site(tmp_path / "site.yaml", {"second": {"embedded": {"ae_title": "SECOND"}}})
    entries: list[Any] = [{"send": {"to": "second"}}]
    for level in ("patient", "study", "series", "image"):
        entries += [
            {"retrieve": {"from": "second", "via": via, "level": level}, "save_as": "back"},
            {"assert": [{"tags": {"of": "back", "equal": "sent"}}]},
        ]
    series = [{"modality": kind, "images": 2, "size": [16, 16]} for kind in ("CT", "MR")]
    patients = [{"count": 2, "studies": [{"series": series}]}]
    result = run(tmp_path, site, entries, patients=patients)
    assert [one["facts"]["instances"] for one in result.values() if one["step"] == "retrieve"] == [
        8, 8, 8, 8,
    ]  # fmt: skip
