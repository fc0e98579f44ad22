"""`fabricate pacs learn`: what a PACS does is found out, declared, and no more than that."""

from __future__ import annotations

import json
import urllib.request
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from scenario_runner.app.learning import learn
from scenario_runner.app.learning.findings import Finding
from scenario_runner.cli.group import fabricate as commands
from scenario_runner.cli.output import reported
from scenario_runner.errors import StepTimeout
from scenario_runner.pacs.server import EmbeddedPacs
from tests.peers import scripted
from tests.peers.languages import dcmjs, qrscp
from tests.peers.processes import Modality, Server, dcmqrscp, free_port, orthanc
from tests.running import ROOT, SMOKE, fabricate, record, steps, write_scenario, write_site

if TYPE_CHECKING:
    from pathlib import Path

COMPRESSED = ROOT / "scenarios" / "compressed.yaml"


def site_of(tmp_path: Path, server: Server, us: Modality, *, rest: bool = False) -> Path:
    site = tmp_path / "site.yaml"
    text = (
        "# Ours. Ask Ann.\nschema: site/v1\nname: ours\n"
        f"receiver: {{port: {us.port}}}\ntargets:\n  pacs:  # the archive\n"
        f"    dicom: {{host: {server.host}, port: {server.port}, ae_title: {server.ae_title}}}\n"
    )
    if rest:
        text += f"    orthanc: {{url: '{server.http}'}}\n"
    site.write_text(text, encoding="utf-8")
    return site


def expects(site: Path) -> dict[str, Any]:
    found = yaml.safe_load(site.read_text(encoding="utf-8"))["targets"]["pacs"].get("expects", {})
    assert isinstance(found, dict)
    return found


def learned(site: Path, *more: str, target: str = "pacs") -> dict[str, dict[str, Any]]:
    """What it says about each subject."""
    done = fabricate("pacs", "learn", target, "--site", site, "--format", "json", *more).check()
    return {one["subject"]: one for one in map(json.loads, done.out.splitlines())}


def run(site: Path, *scenario: str | Path) -> int:
    out = site.parent / f"run-{len(list(site.parent.glob('run-*')))}"
    done = fabricate("run", *scenario, "--site", site, "--registry", ":memory:", "--out", out)
    return done.code


@pytest.mark.peer
def test_a_scenario_that_failed_passes_with_what_was_learned(tmp_path: Path) -> None:
    us = Modality("FABRICATE", free_port())
    with qrscp(tmp_path, destinations=[us]) as server:
        site = site_of(tmp_path, server, us)
        before = site.read_text(encoding="utf-8")
        assert run(site, SMOKE) == 1
        fabricate("pacs", "learn", "pacs", "--site", site, "--write").check()
        assert run(site, SMOKE) == 0
    assert expects(site)["repeated_matches"] is True
    assert expects(site)["uid_lists"] is False
    after = site.read_text(encoding="utf-8")
    assert after.startswith(before)
    assert "# learned: study by StudyInstanceUID (one study of 3 instances) → 3 matches" in after


@pytest.mark.peer
def test_of_dcmqrscp_its_index_its_case_and_its_transfer_syntaxes_are_declared(
    tmp_path: Path,
) -> None:
    us = Modality("FABRICATE", free_port())
    with dcmqrscp(tmp_path, peers=[us]) as server:
        site = site_of(tmp_path, server, us)
        done = fabricate("pacs", "learn", "pacs", "--site", site, "--write").check()
        assert "5 studies stay on pacs" in done.err
        found = expects(site)
        assert found.keys() == {
            "person_name_matching", "unsupported_keys", "transfer_syntaxes",
            "worklist", "mpps", "commitment", "counts",
        }  # fmt: skip
        assert (found["worklist"], found["mpps"], found["commitment"]) == (False, False, "none")
        assert found["person_name_matching"] == "case-sensitive"
        assert found["transfer_syntaxes"] == ["explicit-le", "implicit-le", "explicit-be"]
        assert {"ModalitiesInStudy", "InstitutionName"} <= set(found["unsupported_keys"])
        assert found["counts"] is False
        assert "NumberOf" not in str(found["unsupported_keys"])
        assert not {"PatientID", "PatientName", "AccessionNumber", "StudyDate", "Modality"} & set(
            found["unsupported_keys"]
        )
        # What it takes is still sent, what it does not take is left out.
        assert run(site, COMPRESSED, "--set", "matrix.syntax=explicit-be") == 0
        assert run(site, COMPRESSED, "--set", "matrix.syntax=rle") == 5  # nothing was left to run


@pytest.mark.peer
def test_of_orthanc_lost_letters_are_declared_and_nothing_stays_there(tmp_path: Path) -> None:
    us = Modality("FABRICATE", free_port())
    with orthanc(tmp_path, modalities=[us]) as server:
        site = site_of(tmp_path, server, us, rest=True)
        found = learned(site)
        with urllib.request.urlopen(f"{server.http}/studies") as answer:
            assert json.load(answer) == []
    values = {key: one["value"] for key, one in found.items() if one["declares"]}
    assert values.keys() == {
        "person_name_matching", "converts_character_sets", "transfer_syntaxes", "worklist", "mpps",
        "duplicates",
    }  # fmt: skip
    assert values["person_name_matching"] == "case-insensitive"
    assert {"jpeg-ls", "deflated", "JPEGExtended12Bit"} <= set(values["transfer_syntaxes"])
    assert "htj2k" not in values["transfer_syntaxes"]
    [lost] = [
        one["answered"]
        for one in found["converts_character_sets"]["evidence"]
        if one["asked"] == "study by StudyInstanceUID, sent in ISO_IR 192"
    ]
    assert lost == "^ in ISO_IR 100"
    assert found["unsupported_keys"]["value"] == []
    assert found["counts"]["value"] is found["transcodes"]["value"] is True
    assert found["commitment"]["value"] == "new"
    assert found["duplicates"]["value"] == "kept"


@pytest.mark.peer
def test_of_an_orthanc_that_does_not_transcode_that_is_declared_and_nothing_fails_for_it(
    tmp_path: Path,
) -> None:
    us = Modality("FABRICATE", free_port())
    fetching = [
        {"send": {"to": "pacs"}},
        *(
            {"retrieve": {"from": "pacs", "via": via, "transfer_syntax": "implicit-le"}, "id": name}
            for via, name in (("c-get", "get"), ("c-move", "move"))
        ),
    ]
    file = write_scenario(tmp_path / "s.yaml", [fetching[0], {"parallel": fetching[1:]}])
    configuration = {"TranscodeDicomProtocol": False}
    with orthanc(tmp_path, modalities=[us], configuration=configuration) as server:
        site = site_of(tmp_path, server, us, rest=True)
        assert run(site, file) == 1
        before = steps(record(tmp_path / "run-0"))
        assert {before[name]["outcome"] for name in ("get", "move")} == {"failed"}
        fabricate("pacs", "learn", "pacs", "--site", site, "--write").check()
        assert expects(site)["transcodes"] is False
        assert run(site, file) == 0
        after = steps(record(tmp_path / "run-1"))
        assert {after[name]["outcome"] for name in ("get", "move")} == {"skipped"}


@pytest.mark.peer
def test_an_archive_on_dcmjs_dimse_passes_with_what_was_learned(tmp_path: Path) -> None:
    us = Modality("FABRICATE", free_port())
    file = write_scenario(
        tmp_path / "s.yaml",
        [
            {"send": {"to": "pacs"}},
            {"retrieve": {"from": "pacs"}, "save_as": "back"},
            {"assert": [{"tags": {"of": "back", "equal": "sent"}}]},
        ],
        patients=[
            {
                "name": "Müller^Änne",
                "character_set": "ISO_IR 100",
                "tags": {"(0009,xx01) FABRICATOR": {"vr": "LO", "value": "kept"}},
                "studies": [{"series": [{"modality": "CT", "images": 1, "size": [32, 32]}]}],
            }
        ],
    )
    with dcmjs(tmp_path, destinations=[us]) as server:
        site = site_of(tmp_path, server, us)
        assert run(site, file) == 1
        fabricate("pacs", "learn", "pacs", "--site", site, "--write").check()
        found = expects(site)
        assert found["private_attributes"] is False
        assert found["converts_character_sets"] is True
        assert found["person_name_matching"] == "case-insensitive"
        # It says that it has stored what came deflated, and has nothing of it.
        assert "jpeg-ls" in found["transfer_syntaxes"]
        assert "deflated" not in found["transfer_syntaxes"]
        assert "deflated → taken, but does not come back" in site.read_text(encoding="utf-8")
        assert run(site, file) == 0


@pytest.mark.peer
def test_an_archive_that_is_slow_to_find_is_given_the_time_that_was_learned(
    tmp_path: Path,
) -> None:
    late = scripted.Late(1.5)
    file = write_scenario(
        tmp_path / "s.yaml",
        [
            {"send": {"to": "pacs"}},
            {
                "query": {
                    "on": "pacs",
                    "level": "study",
                    "match": {"StudyInstanceUID": "{{ studies[0].uid }}"},
                },
                "save_as": "found",
            },
            {"assert": [{"count": {"actual": "{{ found }}", "expected": 1}}]},
        ],
        patients=[{"studies": [{"series": [{"modality": "CT", "images": 1, "size": [32, 32]}]}]}],
    )
    with scripted.server(store=late.store, find=late.find, get=late.get) as service:
        site = write_site(tmp_path / "site.yaml", {"pacs": {"dicom": service}})
        assert run(site, file) == 1
        fabricate("pacs", "learn", "pacs", "--site", site, "--write").check()
        declared = expects(site)["stored_within"]
        assert 3 <= int(declared.removesuffix("s")) <= 60, declared
        assert run(site, file) == 0


EMBEDDED = """\
schema: site/v1
name: strict
targets:
  pacs:
    embedded: {duplicates: overwrite, transfer_syntaxes: [implicit-le], sop_classes: [CTImageStorage, ComputedRadiographyImageStorage, SecondaryCaptureImageStorage]}
    expects:
      transfer_syntaxes: [rle, 1.2.840.10008.1.2.4.51]   # it was said
      unsupported_keys: [RequestingService, StudyID]  # nobody knows
  usual: {embedded: {}}
  real: {environment: production, embedded: {}}
"""


def test_what_a_person_declared_is_set_right_and_what_was_not_asked_stays(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(EMBEDDED, encoding="utf-8")
    done = fabricate("pacs", "learn", "pacs", "--site", site, "--write").check()
    assert "5 studies deleted from pacs" in done.err
    text = site.read_text(encoding="utf-8")
    assert "# it was said" in text
    assert "# nobody knows" in text
    found = expects(site)
    assert found["transfer_syntaxes"] == ["implicit-le"]
    assert found["unsupported_keys"] == ["RequestingService"]
    assert set(found["sop_classes"]) == {
        "CTImageStorage", "ComputedRadiographyImageStorage", "SecondaryCaptureImageStorage"
    }  # fmt: skip
    again = fabricate("pacs", "learn", "pacs", "--site", site, "--write").check()
    assert "nothing to change" in again.err
    assert site.read_text(encoding="utf-8") == text


def test_of_a_pacs_that_refuses_what_it_has_that_is_declared_and_awaited(tmp_path: Path) -> None:
    targets = {"pacs": {"embedded": {"duplicates": "refuse"}}}
    site = write_site(tmp_path / "site.yaml", targets)
    twice = [{"send": {"to": "pacs"}}, {"send": {"to": "pacs"}, "id": "again"}]
    file = write_scenario(tmp_path / "s.yaml", twice)
    assert run(site, file) == 1
    fabricate("pacs", "learn", "pacs", "--site", site, "--write").check()
    assert expects(site)["duplicates"] == "refused"
    assert run(site, file) == 0


def test_of_the_usual_embedded_pacs_only_what_is_unusual_is_printed_as_expects(
    tmp_path: Path,
) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(EMBEDDED, encoding="utf-8")
    done = fabricate("pacs", "learn", "usual", "--site", site).check()
    printed = yaml.safe_load(done.out)["targets"]["usual"]["expects"]
    assert printed == {
        "person_name_matching": "case-insensitive", "relational_queries": True, "duplicates": "kept"
    }  # fmt: skip
    assert "#   transcodes: true" in done.out
    assert site.read_text(encoding="utf-8") == EMBEDDED


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["real"], "--allow-production"),
        (["HERE@127.0.0.1:9", "--write"], "--write needs a site file that has this target"),
    ],
)
def test_nothing_is_sent_where_it_may_not_or_need_not(
    tmp_path: Path, arguments: list[str], words: str
) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(EMBEDDED, encoding="utf-8")
    done = fabricate("pacs", "learn", *arguments, "--site", site).check(2)
    assert words in done.err
    assert done.out == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [(MemoryError(), 70), (SystemExit(3), 70), (KeyboardInterrupt(), 130), (StepTimeout("x"), 4)],
    ids=repr,
)
def test_what_stays_is_told_also_where_it_is_cut_short(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
) -> None:
    def thrown(_: object) -> list[Finding]:
        raise error

    monkeypatch.setattr(learn, "_SUBJECTS", (thrown,))
    with EmbeddedPacs(tmp_path) as pacs:
        asked = ["pacs", "learn", f"{pacs.ae_title}@127.0.0.1:{pacs.port}"]
        assert reported(partial(commands.main, asked)) == code
    assert "5 studies stay on" in capsys.readouterr().err
