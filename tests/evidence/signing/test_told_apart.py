"""What can happen to a run after it was made, each told from the others, each with exit code 1."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.app import signing
from scenario_runner.evidence.built_in import fabricate_reporters
from scenario_runner.evidence.signing.trust import read_trust
from scenario_runner.evidence.signing.verify import verify
from scenario_runner.evidence.write import write_reports
from tests.evidence.signing.people import (
    command,
    key,
    key_file,
    public_file,
    run_folder,
    signed,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def told(folder: Path) -> list[tuple[str, str]]:
    return [(one.change, one.path) for one in verify(folder).everything()]


def flip(path: Path, at: int = -2) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_a_run_that_nobody_touched_is_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = run_folder(tmp_path / "run")
    assert command("verify", folder) == 0
    assert "files are as they were" in capsys.readouterr().out


def test_one_byte_in_any_file_is_told_by_its_name(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json"]
    assert len(files) >= 8
    for path in files:
        flip(path)
        assert told(folder) == [("changed", path.relative_to(folder).as_posix())]
        assert command("verify", folder) == 1
        flip(path)
    assert not told(folder)


def test_every_byte_of_a_manifest_counts_though_nobody_signed_it(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    manifest = folder / "manifest.json"
    text = manifest.read_bytes()
    unnoticed = []
    for place in range(len(text)):
        for mask in (1, 32):
            other = bytes([*text[:place], text[place] ^ mask, *text[place + 1 :]])
            manifest.write_bytes(other)
            if not verify(folder).everything():
                unnoticed.append(text[place - 20 : place + 10])
    assert not unnoticed


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("run", "20260131-093000-else"), ("outcome", "failed"), ("site", "south"), ("finished", None),
        ("started", "2026-01-30T09:30:00.000Z"), ("previous", {"run": "x", "sha256": "0" * 64}),
    ],
)  # fmt: skip
def test_a_manifest_that_says_something_else_of_the_run_is_told(
    tmp_path: Path, field: str, value: object, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = run_folder(tmp_path / "run")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest[field] = value
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    assert ("manifest", "manifest.json") in told(folder)
    signer = key_file(tmp_path, key("ed25519"))
    capsys.readouterr()
    words = ("--key", signer, "--meaning", "executed", "--name", "Jane")
    assert command("sign", folder, *words) == 1
    assert "nothing was signed" in capsys.readouterr().err


def _remove(folder: Path) -> None:
    (folder / "junit.xml").unlink()


def _add(folder: Path) -> None:
    (folder / "evidence/more.txt").write_text("more", encoding="utf-8")


def _rename(folder: Path) -> None:
    (folder / "junit.xml").rename(folder / "evidence/tests.xml")


def _swap(folder: Path) -> None:
    (folder / "junit.xml").rename(folder / "x")
    (folder / "ctrf.json").rename(folder / "junit.xml")
    (folder / "x").rename(folder / "ctrf.json")


def _link(folder: Path) -> None:
    (folder / "junit.xml").rename(folder.parent / "elsewhere.xml")
    (folder / "junit.xml").symlink_to(folder.parent / "elsewhere.xml")


def _linked_folder(folder: Path) -> None:
    (folder / "evidence").rename(folder.parent / "elsewhere")
    (folder / "evidence").symlink_to(folder.parent / "elsewhere")


def _half_written(folder: Path) -> None:
    (folder / ".run.json.7.part").write_text("{", encoding="utf-8")


def _in_the_signatures_place(folder: Path) -> None:
    (folder / "signatures").mkdir()
    (folder / "signatures/letter.txt").write_text("I saw it", encoding="utf-8")


def _beside_the_manifest(folder: Path) -> None:
    (folder / "manifest.json.bak").write_text("{}", encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_remove, [("missing", "junit.xml")]),
        (_add, [("added", "evidence/more.txt")]),
        (_rename, [("renamed", "junit.xml")]),
        (_swap, [("changed", "ctrf.json"), ("changed", "junit.xml")]),
        (_link, [("added", "junit.xml")]),
        (_half_written, [("added", ".run.json.7.part")]),
        (_in_the_signatures_place, [("added", "signatures/letter.txt")]),
        (_beside_the_manifest, [("added", "manifest.json.bak")]),
    ],
)
def test_a_file_missing_added_or_renamed_is_told(
    tmp_path: Path, change: Callable[[Path], None], expected: list[tuple[str, str]]
) -> None:
    folder = run_folder(tmp_path / "run")
    change(folder)
    assert told(folder) == expected
    assert command("verify", folder) == 1


def test_a_folder_that_became_a_link_does_not_lend_its_files(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    _linked_folder(folder)
    found = told(folder)
    assert ("added", "evidence") in found
    assert {change for change, path in found if path.startswith("evidence/")} == {"missing"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    (folder / "junit.xml").unlink()
    os.mkfifo(folder / "junit.xml")
    assert told(folder) == [("changed", "junit.xml")]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"schema": "manifest/v1"}', "[" * 100_000, '{"files": [{"path": 3}]}', "\x00"],
)
def test_a_manifest_that_is_none_is_told_without_a_traceback(tmp_path: Path, text: str) -> None:
    folder = run_folder(tmp_path / "run")
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    assert told(folder) == [("manifest", "manifest.json")]
    assert command("verify", folder) == 1


def test_a_manifest_that_was_taken_away_is_told(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    (folder / "manifest.json").unlink()
    assert told(folder) == [("missing", "manifest.json")]
    (folder / "events.ndjson").unlink()
    assert command("verify", folder) == 2  # no run at all


@pytest.mark.parametrize(
    "path", ["../secret", "/etc/passwd", "a/../b", "", "a//b", "manifest.json"]
)
def test_a_manifest_that_names_files_elsewhere_reads_none_of_them(
    tmp_path: Path, path: str
) -> None:
    folder = run_folder(tmp_path / "run")
    (tmp_path / "secret").write_text("x", encoding="utf-8")
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["files"].append({"path": path, "size": 1, "sha256": "0" * 64})
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert ("manifest", path) in told(folder)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run signed by two people."""
    folder = run_folder(tmp_path / "runs" / "one")
    assert signed(folder, key_file(tmp_path, key("ed25519"), "jane.pem")) == 0
    second = key_file(tmp_path, key("p256", "ray"), "ray.pem")
    assert signed(folder, second, "approved", "Ray Mason", "--role", "PACS manager") == 0
    return folder


JANE, RAY = (
    "signatures/01-executed-jane-citizen.dsse.json",
    "signatures/02-approved-ray-mason.dsse.json",
)


def test_two_people_sign_and_both_hold(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("verify", run) == 0
    text = capsys.readouterr().out
    assert "executed by Jane Citizen, " in text
    assert "approved by Ray Mason (PACS manager), " in text
    assert text.count(": holds;") == 2


def _rebuild(folder: Path) -> None:
    flip(folder / "junit.xml")
    manifest = json.loads((folder / "manifest.json").read_bytes())
    import hashlib

    for file in manifest["files"]:
        file["sha256"] = hashlib.sha256((folder / file["path"]).read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def _forge(folder: Path) -> None:
    envelope: dict[str, Any] = json.loads((folder / RAY).read_bytes())
    envelope["payload"] = json.loads((folder / JANE).read_bytes())["payload"]
    (folder / RAY).write_text(json.dumps(envelope), encoding="utf-8")


def _cut(folder: Path) -> None:
    (folder / RAY).write_bytes((folder / RAY).read_bytes()[:300])


def _copy(folder: Path) -> None:
    shutil.copy(folder / RAY, folder / "signatures" / "09-approved-ray-mason.dsse.json")


def _take_away(folder: Path) -> None:
    (folder / JANE).unlink()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_rebuild, [("rebuilt", JANE), ("rebuilt", RAY)]),
        (_forge, [("signature", RAY)]),
        (_cut, [("signature", RAY)]),
        (_take_away, [("missing", JANE)]),
        (_copy, [("signature", "signatures/09-approved-ray-mason.dsse.json")]),
    ],
)
def test_what_became_of_a_signature_is_told(
    run: Path, change: Callable[[Path], None], expected: list[tuple[str, str]]
) -> None:
    change(run)
    assert told(run) == expected
    assert command("verify", run) == 1


def test_a_signature_moved_from_another_run_is_told(run: Path, tmp_path: Path) -> None:
    other = run_folder(tmp_path / "runs" / "two", "20260201-093000-aaaa")
    (other / "signatures").mkdir()
    shutil.copy(run / JANE, other / JANE)
    assert told(other) == [("moved", JANE)]
    assert command("verify", other) == 1


def test_every_byte_of_a_signature_counts(run: Path) -> None:
    path = run / RAY
    whole = path.read_bytes()
    unsigned = whole.index(b'"keyid"')
    for at in [*range(0, unsigned, 17), *range(unsigned, len(whole), 5)]:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert verify(run).signatures[1].findings, whole[at - 10 : at + 1]
    others = [
        whole + b"\n",
        whole[:-1],
        json.dumps(json.loads(whole)).encode(),
        whole.replace(b'KEY-----\\n"', b'KEY-----|n"'),
    ]
    for other in others:
        assert other != whole
        path.write_bytes(other)
        assert told(run) == [("signature", RAY)]


def test_bits_of_base64_that_say_nothing_count_too(run: Path) -> None:
    whole = (run / JANE).read_bytes()
    sig = json.loads(whole)["signatures"][0]["sig"]
    assert sig.endswith("==")
    other = f"{sig[:-3]}{chr(ord(sig[-3]) + 1)}=="
    (run / JANE).write_bytes(whole.replace(sig.encode(), other.encode()))
    assert ("signature", JANE) in told(run)


def test_what_is_no_signature_before_the_one_that_holds_is_told_and_ends_nothing(run: Path) -> None:
    envelope = json.loads((run / RAY).read_bytes())
    envelope["signatures"].insert(0, {"keyid": "x", "sig": "!"})
    (run / RAY).write_text(json.dumps(envelope), encoding="utf-8")
    assert told(run) == [("signature", RAY)]


def test_a_signature_under_another_name_is_told(run: Path) -> None:
    path = run / RAY
    path.rename(path.with_name("02-approved-ruth.dsse.json"))
    assert told(run) == [("renamed", "signatures/02-approved-ruth.dsse.json")]


def test_a_manifest_that_is_a_link_and_a_folder_in_a_file_s_place_are_told(
    run: Path, tmp_path: Path
) -> None:
    (run / "inputs" / "previous.json").mkdir(parents=True)
    (run / "inputs" / "previous.json" / "x").touch()
    assert told(run) == [("added", "inputs/previous.json/x")]
    (run / "manifest.json").rename(tmp_path / "elsewhere")
    (run / "manifest.json").symlink_to(tmp_path / "elsewhere")
    assert ("manifest", "manifest.json") in told(run)


def test_a_key_that_nobody_trusts_is_told(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trusted = public_file(tmp_path, key("ed25519"), "jane.pub")
    assert command("verify", run, "--trust", trusted) == 1
    assert f"untrusted: {RAY} the key is not among" in capsys.readouterr().out
    both = public_file(tmp_path, key("p256", "ray"), "ray.pub")
    assert command("verify", run, "--trust", trusted, "--trust", both) == 0


def test_a_forger_with_a_key_of_their_own_is_told_once_keys_are_trusted(
    run: Path, tmp_path: Path
) -> None:
    """They rebuild the manifest and sign again in both names: only whose keys these are gives it away."""
    trusted = public_file(tmp_path, key("ed25519"), "jane.pub")
    _rebuild(run)
    shutil.rmtree(run / "signatures")
    assert signed(run, key_file(tmp_path, key("ed25519", "mallory"), "m.pem")) == 0
    assert not told(run)
    assert command("verify", run, "--trust", trusted) == 1
    trust = read_trust([("jane", trusted.read_bytes())])
    assert [one.change for one in verify(run, trust).everything()] == ["untrusted"]


def test_signatures_that_were_all_taken_away_are_missed_once_keys_are_trusted(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that somebody changed, with a manifest of today and nobody's name, is no run that nobody signed yet."""
    trusted = public_file(tmp_path, key("ed25519"), "jane.pub")
    _rebuild(run)
    shutil.rmtree(run / "signatures")
    capsys.readouterr()
    assert command("verify", run) == 0
    said = "nobody signed it, or all signatures were taken away"
    assert f"{said}; with --trust that is a finding\n" in capsys.readouterr().out
    assert command("verify", run, "--trust", trusted) == 1
    assert f"unsigned {said}\n" in capsys.readouterr().out


def test_without_its_manifest_signatures_are_not_said_to_be_missing(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / "manifest.json").write_text("{}", "utf-8")
    assert command("verify", run) == 1
    said = capsys.readouterr().out
    assert "nobody signed" not in said
    assert said.count("cannot be judged without the manifest") == 2


@pytest.mark.skipif(os.name == "nt", reason="no file has such a name there")
def test_the_name_of_a_file_cannot_look_like_a_verdict(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / "x\nrun one: 3 files are as they were").write_text("x", "utf-8")
    assert command("verify", run) == 1
    assert "added     x[U+000A]run one: 3 files" in capsys.readouterr().out


@pytest.mark.parametrize(("year", "tells"), [(2025, True), (2027, False)])
def test_a_signature_from_before_the_end_of_the_run_is_told_and_holds(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    year: int,
    tells: bool,
) -> None:
    """A clock was wrong, that of the run or that of who signed; nobody can know which."""

    class Clock(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Clock:
            return cls(year, 6, 1, tzinfo=tz)

    folder = run_folder(tmp_path / "one")
    monkeypatch.setattr(signing, "dt", SimpleNamespace(datetime=Clock, UTC=dt.UTC))
    assert signed(folder, key_file(tmp_path, key("ed25519"), "jane.pem")) == 0
    capsys.readouterr()
    assert command("verify", folder) == 0
    assert ("before the run ended: a clock was wrong" in capsys.readouterr().out) is tells


def test_a_run_that_was_touched_is_not_signed(run: Path, tmp_path: Path) -> None:
    flip(run / "junit.xml")
    third = key_file(tmp_path, key("ed25519", "lee"), "lee.pem")
    assert signed(run, third, "reviewed", "Lee") == 1
    assert len(list((run / "signatures").iterdir())) == 2


def test_reports_of_a_signed_run_are_made_elsewhere_and_say_who_signed(
    run: Path, tmp_path: Path
) -> None:
    before = (run / "manifest.json").read_bytes()
    assert command("report", run) == 2
    out = tmp_path / "out"
    assert command("report", run, "--out", out) == 0
    assert (run / "manifest.json").read_bytes() == before
    assert not told(run)
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Ray Mason" in page
    assert "PACS manager" in page
    assert "no longer" not in page
    assert not told(out)
    names = [one["name"] for one in json.loads((out / "run.json").read_bytes())["signatures"]]
    assert names == ["Jane Citizen", "Ray Mason"]
    assert {one.name for one in (out / "evidence").iterdir()} == {
        one.name for one in (run / "evidence").iterdir()
    }


def test_the_report_says_which_signature_no_longer_holds(run: Path, tmp_path: Path) -> None:
    _forge(run)
    assert command("report", run, "--out", tmp_path / "out") == 0
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert "was not made by its key" in page
    assert "Jane Citizen" in page
    assert "Ray Mason" not in page  # nothing it says is to be believed
    flip(run / "junit.xml")
    assert command("report", run, "--out", tmp_path / "again") == 0
    assert "no longer" in (tmp_path / "again/report.html").read_text(encoding="utf-8")


def test_a_program_reads_the_verdict(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flip(run / "junit.xml")
    capsys.readouterr()
    assert command("verify", run, "--format", "json") == 1
    verdict = json.loads(capsys.readouterr().out)
    assert verdict["intact"] is False
    assert verdict["findings"] == [
        {"change": "changed", "path": "junit.xml", "message": "has other contents of the same size"}
    ]
    assert [one["signed"]["meaning"] for one in verdict["signatures"]] == ["executed", "approved"]


def test_a_signature_of_gpg_beside_the_manifest_is_named_and_not_judged(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / "manifest.json.asc").write_text("-----BEGIN PGP SIGNATURE-----", encoding="utf-8")
    assert command("verify", run) == 0
    said = capsys.readouterr().out
    assert "manifest.json.asc is a signature of another program" in said
    assert "nobody signed" not in said


def test_with_a_signature_of_gpg_alone_it_is_not_said_that_nobody_signed(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(run / "signatures")
    (run / "manifest.json.asc").write_text("-----BEGIN PGP SIGNATURE-----", encoding="utf-8")
    said = "nobody signed it with this program, or all signatures were taken away"
    capsys.readouterr()
    assert command("verify", run) == 0
    assert f"{said}; with --trust" in capsys.readouterr().out
    trusted = public_file(tmp_path, key("ed25519"), "jane.pub")
    assert command("verify", run, "--trust", trusted) == 1
    assert f"unsigned {said}\n" in capsys.readouterr().out


def test_a_time_stamp_that_nothing_here_can_read_is_not_said_to_be_another_programs(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / f"{RAY}.tsr").write_bytes(b"0")
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    capsys.readouterr()
    assert command("verify", run) == 0
    said = capsys.readouterr().out
    assert f"{RAY}.tsr is a time stamp and was not looked at: pip install" in said
    assert "another program" not in said


def test_reports_made_again_name_no_signature_in_the_run_itself(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    before = (folder / "manifest.json").read_bytes()
    write_reports(folder, fabricate_reporters())
    assert (folder / "manifest.json").read_bytes() == before
    assert json.loads((folder / "run.json").read_bytes())["signatures"] == []


@pytest.mark.skipif(os.name == "nt", reason="named pipes are a POSIX thing")
@pytest.mark.parametrize("name", ["signatures/02-approved-x.dsse.json", "manifest.json.sig"])
def test_what_is_called_like_a_signature_and_is_no_file_is_told(name: str, tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    (folder / "signatures").mkdir()
    os.mkfifo(folder / name)
    assert told(folder) == [("added", name)]


def test_the_last_of_several_signatures_is_missed_by_whoever_expects_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = run_folder(tmp_path / "run")
    jane, ray = (key("ed25519", who) for who in ("jane", "ray"))
    keys = [key_file(tmp_path, one, f"{n}.pem") for n, one in enumerate((jane, ray))]
    trust = ("--trust", public_file(tmp_path, jane, "jane"), "--trust", public_file(tmp_path, ray, "ray"))  # fmt: skip
    asked = ("verify", folder, *trust, "--expect-signature", "executed")
    both = (*asked, "--expect-signature", "approved")
    assert command(*both) == 1
    assert "no signature as 'approved' that holds" in capsys.readouterr().out
    assert signed(folder, keys[0]) == 0
    assert command(*asked) == 0
    assert command(*both) == 1
    before = {one.name for one in (folder / "signatures").iterdir()}
    assert signed(folder, keys[1], "approved", "Ray Mason") == 0
    assert command(*both) == 0
    capsys.readouterr()
    (last,) = (one for one in (folder / "signatures").iterdir() if one.name not in before)
    kept = last.read_bytes()
    last.unlink()
    assert command("verify", folder, *trust) == 0
    assert command(*both, "--format", "json") == 1
    shown = capsys.readouterr().out
    told = json.loads(shown[shown.index('{\n "schema"') :])
    assert [one["change"] for one in told["findings"]] == ["unsigned"]
    # One that does not hold is none, and one key is one person however often it signs.
    last.write_bytes(kept.replace(b"A", b"B"))
    assert command(*both) == 1
    last.unlink()
    assert signed(folder, keys[0], "approved", "Ray Mason") == 0
    assert signed(folder, keys[0], "approved", "Somebody Else") == 0
    assert command(*both) == 0
    assert command(*both, "--expect-signature", "approved") == 1
    assert "1 signature as 'approved' that holds, 2 are expected" in capsys.readouterr().out
    assert signed(folder, keys[1], "approved", "Ray Mason") == 0
    assert command(*both, "--expect-signature", "approved") == 0


def test_a_key_is_trusted_wherever_in_a_large_file_it_stands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = run_folder(tmp_path / "run")
    assert signed(folder, key_file(tmp_path, key("ed25519"))) == 0
    trusted = public_file(tmp_path, key("ed25519"))
    own = trusted.read_bytes()
    trusted.write_bytes(b"\n" * (2 << 20) + own)
    assert command("verify", folder, "--trust", trusted) == 0
    trusted.write_bytes(own + b"\n" * (16 << 20))
    assert command("verify", folder, "--trust", trusted) == 2
    assert "is larger than 16 MiB" in capsys.readouterr().err
