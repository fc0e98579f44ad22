"""The embedded PACS with its studies in S3, here moto's server: what was acknowledged outlives process and folder."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import s3fs

from tests.peers.processes import free_port, running
from tests.running import command, environment, fabricate, record, write_scenario, write_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STORE = "s3://studies/test"
STEPS = [
    {"send": {"to": "pacs"}},
    {"retrieve": {"from": "pacs"}, "save_as": "back"},
    {
        "assert": [
            {"stored": {"on": "pacs"}},
            {"tags": {"of": "back", "equal": "sent"}},
            {"pixels": {"of": "back", "equal": "sent"}},
        ]
    },
]
AGAIN = [
    {
        "query": {
            "on": "pacs",
            "level": "study",
            "match": {"StudyInstanceUID": "{{ vars.study }}"},
            "return": ["NumberOfStudyRelatedInstances"],
        },
        "save_as": "found",
    },
    {
        "assert": [
            {"equal": {"actual": "{{ found[0].NumberOfStudyRelatedInstances }}", "expected": 3}}
        ]
    },
]


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[dict[str, str]]:
    """What the environment of a PACS has to say to reach it."""
    port = free_port()
    settings = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "synthetic",
        "AWS_SECRET_ACCESS_KEY": "synthetic",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    words = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with running(words, tmp_path, port, settings):
        yield settings


def bucket(settings: dict[str, str]) -> s3fs.S3FileSystem:
    return s3fs.S3FileSystem(
        key=settings["AWS_ACCESS_KEY_ID"],
        secret=settings["AWS_SECRET_ACCESS_KEY"],
        endpoint_url=settings["AWS_ENDPOINT_URL"],
        use_listings_cache=False,
        skip_instance_cache=True,
    )


@contextmanager
def serving(folder: Path, settings: dict[str, str]) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """A PACS in a process of its own, which is killed in the end, and a site file that names it."""
    words = command("pacs", "serve", "--store", STORE, "--folder", folder, "--port", "0")
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment(settings))
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert f"studies in {STORE}, their index in {folder}" in said
        port = int(said.partition("127.0.0.1:")[2].partition(",")[0])
        dicom = {"host": "127.0.0.1", "port": port, "ae_title": "EMBEDDED"}
        yield write_site(folder.parent / "site.yaml", {"pacs": {"dicom": dicom}}), process
    finally:
        process.kill()
        process.communicate()


def run(folder: Path, site: Path, name: str, steps: list[object], **more: object) -> Path:
    out = folder / name
    scenario = write_scenario(folder / f"{name}.yaml", steps, seed=1, **more)
    fabricate("run", scenario, "--site", site, "--out", out, "--registry", ":memory:").check()
    return out


def test_acknowledged_studies_outlive_the_kill_of_the_pacs_and_the_loss_of_its_folder(
    tmp_path: Path, s3: dict[str, str]
) -> None:
    bucket(s3).mkdir("studies")
    series = {"modality": "CT", "images": 3, "size": [64, 64]}
    with serving(tmp_path / "first", s3) as (site, process):
        patients = [{"studies": [{"series": [series]}]}]
        out = run(tmp_path, site, "stored", STEPS, patients=patients)
        os.kill(process.pid, signal.SIGKILL)
    assert len(bucket(s3).find("studies/test/objects")) == 3
    shutil.rmtree(tmp_path / "first")
    study = record(out)["cases"][0]["patients"][0]["studies"][0]["uid"]
    with serving(tmp_path / "second", s3) as (site, _):
        run(tmp_path, site, "found", AGAIN, vars={"study": study}, patients=[])


def test_a_bucket_that_is_not_there_is_told_before_anything_is_served(
    tmp_path: Path, s3: dict[str, str]
) -> None:
    done = fabricate(
        "pacs", "serve", "--store", STORE, "--folder", tmp_path / "pacs", "--port", "0", env=s3
    )
    assert done.check(4).err.startswith(f"error: cannot keep an archive in '{STORE}': ")
    assert "bucket does not exist" in done.err
