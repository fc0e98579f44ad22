"""OHIF is installed by one command, from npm's package alone, and served as a browser likes it best."""

from __future__ import annotations

import gzip
import http.server
import shutil
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scenario_runner.service.backup import OHIF
from scenario_runner.web.viewer import package
from scenario_runner.web.viewer.installed import BASE, MANIFEST
from tests.peers.from_npm import packed
from tests.running import fabricate
from tests.web.served import Served, served

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def archive() -> Path:
    folder = packed(package.NAME, package.VERSION).parent
    return next(folder.glob("*.tgz"))


class _Registry(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


@pytest.fixture(scope="module")
def registry(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One of the hospital's own, below a path."""
    folder = tmp_path_factory.mktemp("registry")
    place = folder / "npm" / "@ohif" / "app" / "-"
    place.mkdir(parents=True)
    shutil.copy(archive, place / f"app-{package.VERSION}.tgz")

    def handler(*given: Any) -> _Registry:
        return _Registry(*given, directory=str(folder))

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/npm/"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, registry: str) -> Iterator[Served]:
    """Installed while the service runs, which had sent its users to the light viewer until then."""
    with served(tmp_path_factory.mktemp("installed") / "data") as running:
        asked = f"{running.url}/viewer?StudyInstanceUIDs=1.2"
        assert "/light?" in running.client.get(asked).headers["location"]
        data = running.folder / "data"
        lacking = ("--npm-registry", registry + "none", "--yes", "--data", data)
        assert "404" in fabricate("viewer", "install", *lacking).check(4).err
        given = ("--npm-registry", registry, "--yes", "--data", data)
        done = fabricate("viewer", "install", *given).check()
        assert "licence MIT" in done.err
        assert "49 MB" in done.err
        assert "/viewer/viewer?" in running.client.get(asked).headers["location"]
        yield running


def test_files_come_compressed_and_stay_in_the_browser(service: Served) -> None:
    page = service.client.get(f"{service.url}/viewer/viewer?StudyInstanceUIDs=1.2")
    assert page.headers["cache-control"] == "no-cache"
    (script,) = [
        part
        for part in page.text.split('"')
        if part.startswith(f"{BASE}app.bundle") and part.endswith(".js")
    ]
    answer = service.client.get(service.url + script, headers={"Accept-Encoding": "gzip, br"})
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < 4_000_000
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert f'__webpack_require__.p = "{BASE}"' in answer.text
    plain = service.client.get(service.url + script, headers={"Accept-Encoding": "gzip;q=0"})
    assert "content-encoding" not in plain.headers
    assert plain.content == answer.content
    known = {"If-None-Match": answer.headers["etag"]}
    assert service.client.get(service.url + script, headers=known).status_code == 304


def test_every_file_is_served_with_its_type_and_what_is_not_needed_is_not_there(
    service: Served,
) -> None:
    folder = service.folder / "data" / OHIF / package.REVISION
    kept = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    assert len(kept) == 130
    for name in kept:
        path = name.removesuffix(".gz")
        answer = service.client.head(f"{service.url}{BASE}{path}")
        assert answer.status_code == (404 if name == MANIFEST else 200), name
        if path.endswith((".js", ".wasm", ".css")):
            kind = {"js": "text/javascript", "wasm": "application/wasm", "css": "text/css"}
            assert answer.headers["content-type"].startswith(kind[path.rpartition(".")[2]])
    assert not [name for name in kept if "ort/" in name or ".map" in name or "sw.js" in name]
    assert (folder / "LICENSE.gz").is_file()
    left = sum(path.stat().st_size for path in folder.rglob("*"))
    assert left < package.KEPT * 1.05


def test_no_file_speaks_of_the_root_any_more(service: Served) -> None:
    folder = service.folder / "data" / OHIF / package.REVISION
    for path in folder.rglob("*.gz"):
        content = gzip.decompress(path.read_bytes())
        assert b'__webpack_require__.p = "/"' not in content, path
        if path.name.endswith(".css.gz"):
            assert b"url(/" not in content.replace(f"url({BASE}".encode(), b""), path


def test_any_address_of_ohif_is_its_page_and_none_leads_elsewhere(service: Served) -> None:
    for route in ("", "viewer", "tmtv", "segmentation?StudyInstanceUIDs=1.2", "no/such/mode"):
        answer = service.client.get(f"{service.url}/viewer/{route}")
        assert answer.status_code == 200
        assert '<div id="root">' in answer.text
        policy = answer.headers["content-security-policy"]
        assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
        assert "http" not in policy
    for path in (
        f"{BASE}%2e%2e/%2e%2e/registry.sqlite3",
        f"{BASE}..%2f..%2fregistry.sqlite3",
        f"{BASE}{MANIFEST}",
        f"{BASE}LICENSE.gz",
        "/viewer/app/0/app.bundle.css",
    ):
        answer = service.client.get(service.url + path)
        assert answer.status_code == 404, path
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_backup_leaves_out_what_anybody_can_install_again(
    service: Served, tmp_path: Path
) -> None:
    data, file = service.folder / "data", tmp_path / "backup.tar"
    fabricate("backup", file, "--data", data).check()
    with tarfile.open(file) as backup:
        assert not [name for name in backup.getnames() if OHIF in name]


def test_it_is_told_of_and_removed(service: Served, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(service.folder / "data" / OHIF, data / OHIF)
    assert package.VERSION in fabricate("viewer", "status", "--data", data).check().out
    fabricate("viewer", "remove", "--data", data).check()
    assert not (data / OHIF).exists()
    assert "viewer install" in fabricate("viewer", "status", "--data", data).check(1).out
    fabricate("viewer", "remove", "--data", data).check(1)


def test_a_package_that_is_not_the_one_is_refused_and_nothing_is_left(
    archive: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    wrong = tmp_path / "wrong.tgz"
    wrong.write_bytes(archive.read_bytes()[:-1] + b"x")
    refused = fabricate("viewer", "install", "--package", wrong, "--data", data).check(2)
    assert "SHA-512" in refused.err
    changed = tmp_path / "package"
    (changed / "dist").mkdir(parents=True)
    (changed / "dist" / "app.bundle.js").write_text("alert(1)")
    refused = fabricate("viewer", "install", "--package", changed, "--data", data).check(2)
    assert "does not have the files" in refused.err
    assert not data.exists()


def test_without_npm_and_without_a_registry_it_is_said_what_to_do(tmp_path: Path) -> None:
    where = {"PATH": str(tmp_path), "FABRICATE_NPM_REGISTRY": ""}
    data = tmp_path / "data"
    without = fabricate("viewer", "install", "--yes", "--data", data, env=where).check(2)
    assert "--npm-registry URL" in without.err
    unasked = fabricate("viewer", "install", "--data", data, env=where).check(2)
    assert "--yes" in unasked.err
