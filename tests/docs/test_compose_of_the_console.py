"""The console with all that it is composed with: what the files say, as processes of this machine."""

from __future__ import annotations

import contextlib
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx2
import pytest
import yaml

from tests.docs.markdown import DOCS
from tests.peers.hapi import hapi
from tests.peers.postgres import postgresql
from tests.peers.processes import HOST, free_port, orthanc
from tests.web.auth.people import GOOD, add, logged_in
from tests.web.runs.asking import ended, started
from tests.web.served import served

if TYPE_CHECKING:
    from pathlib import Path

COMPOSE = DOCS / "compose"
CONSOLE = COMPOSE / "console"
PASSWORD = "a-password-of-the-database"


def composed(file: Path) -> dict[str, Any]:
    """The services of a file, with what they extend (mappings merged, lists one after the other)."""
    found: dict[str, Any] = {}
    for name, service in yaml.safe_load(file.read_text("utf-8"))["services"].items():
        base = service.pop("extends", None)
        below = composed((file.parent / base["file"]).resolve())[base["service"]] if base else {}
        found[name] = {**below, **service}
        for key, value in service.items():
            if isinstance(value, dict) and isinstance(below.get(key), dict):
                found[name][key] = {**below[key], **value}
            elif isinstance(value, list) and key in below and key != "command":
                found[name][key] = [*below[key], *value]
    return found


def test_every_file_and_volume_that_is_named_is_there() -> None:
    for file in COMPOSE.rglob("compose.yaml"):
        document = yaml.safe_load(file.read_text("utf-8"))
        services = composed(file)
        for name, service in services.items():
            assert ("image" in service) != ("build" in service), name
            assert set(service.get("depends_on", ())) <= set(services)
            for published in service.get("ports", ()):
                assert published.startswith("127.0.0.1:"), f"{name} is open to everybody"
            for volume in service.get("volumes", ()):
                source = volume.split(":")[0]
                if source.startswith("."):
                    # Of what is extended it is relative to the file it stands in.
                    assert any((one / source).is_file() for one in (file.parent, COMPOSE)), source
                else:
                    assert source in document["volumes"], f"{name}: {source} is declared nowhere"


def test_the_image_is_built_from_what_its_builder_is_given() -> None:
    folder = COMPOSE / "service"
    listed = (folder / "Containerfile.dockerignore").read_text("utf-8").splitlines()
    given = {line.removeprefix("!") for line in listed if line.startswith("!")}
    project = (DOCS.parent / "pyproject.toml").read_text("utf-8")
    shipped = re.findall(r'^"(\w+)" = "scenario_runner/_shipped', project, flags=re.MULTILINE)
    needed = {"scenario_runner", "pyproject.toml", "README.md", "LICENSE", *shipped}
    assert needed | {"constraints.txt"} == given
    assert all((DOCS.parent / one).exists() for one in given)


@pytest.mark.peer
def test_the_bench_runs_as_composed(tmp_path: Path) -> None:
    services = composed(CONSOLE / "compose.yaml")
    given: dict[str, str] = services["console"]["environment"]
    site = yaml.safe_load((CONSOLE / "site.yaml").read_text("utf-8"))
    receiver = ["FABRICATE", "console", site["receiver"]["port"]]
    with contextlib.ExitStack() as stack:
        here = {"FABRICATE": [receiver[0], HOST, free_port()]}
        site["receiver"] |= {"host": HOST, "port": here["FABRICATE"][2]}
        places = {"FABRICATE": receiver}
        for name in ("first", "second"):
            mounted = json.loads((COMPOSE / f"{name}.json").read_text("utf-8"))
            peer = stack.enter_context(
                orthanc(
                    tmp_path, ae_title=mounted["DicomAet"], users=mounted["RegisteredUsers"],
                    plugins=["libOrthancDicomWeb.so"], modalities=(),
                )
            )  # fmt: skip
            places[peer.ae_title] = [peer.ae_title, name, mounted["DicomPort"]]
            here[peer.ae_title] = [peer.ae_title, HOST, peer.port]
            target = site["targets"][name]
            assert [target["dicom"][key] for key in ("ae_title", "host", "port")] == places[
                peer.ae_title
            ]
            target["dicom"] |= {"host": HOST, "port": peer.port}
            for address in (target["dicomweb"], target["orthanc"]):
                assert urlsplit(address["url"]).netloc == f"{name}:{mounted['HttpPort']}"
                address["url"] = peer.http + urlsplit(address["url"]).path
        for name in ("first", "second"):
            known = json.loads(services[name]["environment"]["ORTHANC__DICOM_MODALITIES"])
            for key, place in known.items():
                assert place == places[place[0]]
                url = site["targets"][name]["orthanc"]["url"]
                answer = httpx2.put(
                    f"{url}/modalities/{key}",
                    json=here[place[0]],
                    auth=("fab", "change-me"),
                    timeout=60,
                )
                assert answer.status_code == 200, answer.text
        fhir = stack.enter_context(hapi(services["fhir"]["environment"]["hapi.fhir.fhir_version"]))
        assert urlsplit(site["targets"]["ehr"]["fhir"]["url"]).netloc == "fhir:8080"
        site["targets"]["ehr"]["fhir"]["url"] = fhir.base
        (tmp_path / "site.yaml").write_text(json.dumps(site), encoding="utf-8")

        database = stack.enter_context(postgresql())
        of_database = services["database"]["environment"]
        database.admit_by_password(of_database["POSTGRES_USER"], PASSWORD)
        database.create(of_database["POSTGRES_DB"], "--owner", of_database["POSTGRES_USER"])
        env = {
            key: value.replace("@database/", f"@{HOST}:{database.port}/")
            for key, value in given.items()
        } | {"FABRICATE_SITE": str(tmp_path / "site.yaml"), "PACS_PASSWORD": "change-me"}
        assert "${DATABASE_PASSWORD:?" in env["PGPASSWORD"] == of_database["POSTGRES_PASSWORD"]
        env["PGPASSWORD"] = PASSWORD
        data = tmp_path / "data"
        add(data, "boss", "admin", env=env)
        with served(data, env=env) as service, logged_in(service.url, "boss", GOOD) as client:
            text = (CONSOLE / "bench.yaml").read_text("utf-8")
            found = ended(client, started(client, text))
            assert found["outcome"] == "passed", found
        assert not (data / "registry.sqlite3").exists(), "it did not use the database"
