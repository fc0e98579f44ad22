"""What the page on deployment and its files say is what the program takes."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from scenario_runner.cli.serve import serve
from scenario_runner.service.meters import Meters
from scenario_runner.service.permissions import PERMISSIONS, Role
from scenario_runner.service.settings import Settings, read_settings
from tests.docs.markdown import DOCS, fences

PAGE = DOCS / "guide" / "deployment.md"
COMPOSE = DOCS / "compose"


def test_the_settings_of_the_page_are_taken_and_name_every_key(tmp_path: Path) -> None:
    (shown,) = [one.text for one in fences(PAGE) if "schema: service/v1" in one.text]
    (tmp_path / "service.yaml").write_text(shown, encoding="utf-8")
    settings = read_settings(tmp_path / "service.yaml", {})
    assert settings.deletion.second_person
    keys = set(yaml.safe_load(shown))
    assert keys == {field.alias or name for name, field in Settings.model_fields.items()}


def test_the_variable_of_the_page_is_one() -> None:
    named, value = re.findall(r"`(FABRICATE_SERVICE_\w+)='(.+?)'`", PAGE.read_text("utf-8"))[0]
    assert read_settings(None, {named: value}) != Settings.model_validate({"schema": "service/v1"})


def test_every_role_and_number_is_on_the_page() -> None:
    text = PAGE.read_text("utf-8")
    assert all(f"`{role}`" in text for role in Role)
    assert set(PERMISSIONS) == set(Role)
    named = {one.name for one in Meters().registry.collect()}
    shown = set(re.findall(r"`(fabricator_\w+?)(?:_total)?`", text))
    assert named & shown, "none of the numbers is named"
    watched = {"fabricator_archive_bytes", "fabricator_archive_instances"}
    watched |= {
        "fabricator_uploads_under_way", "fabricator_judge_queue", "fabricator_runs_going",
    }  # fmt: skip
    watched |= {f"fabricator_validator_queue_{role}" for role in ("validator", "descriptor")}
    assert shown <= named | watched


def test_unit_and_container_start_the_service_with_options_it_has() -> None:
    unit = (COMPOSE / "fabricator.service").read_text("utf-8")
    started = re.search(r"^ExecStart=(.+)$", unit, flags=re.MULTILINE)
    assert started
    program, command, *options = shlex.split(started[1])
    assert (program.rpartition("/")[2], command) == ("fabricate", "serve")
    serve.make_context("serve", options)
    container = (COMPOSE / "service" / "Containerfile").read_text("utf-8")
    command, *options = json.loads(container.splitlines()[-1].removeprefix("CMD "))
    assert command == "serve"
    serve.make_context("serve", options)
    composed = yaml.safe_load((COMPOSE / "service" / "compose.yaml").read_text("utf-8"))
    given = composed["services"]["service"]["environment"]
    read_settings(None, given)
    read = {one.envvar for one in serve.params if isinstance(one.envvar, str)}
    others = {name for name in given if not name.startswith("FABRICATE_SERVICE_")}
    assert others <= {*read, "PGPASSWORD"}  # that one is libpq's


@pytest.mark.peer
def test_systemd_takes_the_unit_and_finds_it_shut_in(tmp_path: Path) -> None:
    unit = (COMPOSE / "fabricator.service").read_text("utf-8")
    (tmp_path / "fabricator.service").write_text(
        unit.replace("/opt/fabricator/bin/fabricate", sys.executable), encoding="utf-8"
    )
    for check in (("verify",), ("security", "--offline=yes", "--threshold=40")):
        done = subprocess.run(
            ["systemd-analyze", *check, tmp_path / "fabricator.service"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        if check[0] == "verify":
            assert not done.stderr
