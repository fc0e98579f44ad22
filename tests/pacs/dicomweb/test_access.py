"""Who may ask: logins, TLS, pages of other origins, and an allow-list that HTTP cannot answer to."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from scenario_runner.errors import MachineError
from scenario_runner.pacs.options import PacsOptions, WebOptions
from scenario_runner.pacs.server import EmbeddedPacs
from scenario_runner.ul.tls import Tls
from tests.archive.samples import sample
from tests.pacs.dicomweb.web import NO_TLS, get, stow
from tests.peers.processes import free_port

if TYPE_CHECKING:
    from pathlib import Path


def served(folder: Path, **options: object) -> EmbeddedPacs:
    return EmbeddedPacs(folder, options=PacsOptions(web=WebOptions(**options)))  # type: ignore[arg-type]


def test_without_the_login_nothing_is_told_or_taken(tmp_path: Path) -> None:
    users, web = {"fab": "gehéim"}, WebOptions(token="t0ken")
    with EmbeddedPacs(tmp_path, options=PacsOptions(users=users, web=web)) as pacs:
        url = pacs.open_web()
        for auth in (None, ("fab", "wrong"), ("other", "gehéim")):
            answer = get(f"{url}/studies", auth=auth)
            assert answer.status_code == 401
            assert "Basic" in answer.headers["www-authenticate"]
            assert "Bearer" in answer.headers["www-authenticate"]
        assert stow(url, [sample(size=512)]).status_code == 401
        for given in ("Bearer wrong", "Basic", "Basic !!!", "Basic /w==", "Digest x", "Bearer"):
            answer = httpx2.get(
                f"{url}/studies", headers={"Authorization": given}, verify=NO_TLS, timeout=30
            )
            assert answer.status_code == 401
        assert pacs.archive.counts().instances == 0
        assert stow(url, [sample()], auth=("fab", "gehéim")).status_code == 200
        token = {"Authorization": "Bearer t0ken"}
        assert (
            httpx2.get(f"{url}/studies", headers=token, verify=NO_TLS, timeout=30).status_code
            == 200
        )


def test_an_allow_list_of_ae_titles_shuts_http_out_unless_it_has_a_login(tmp_path: Path) -> None:
    closed = PacsOptions(calling_ae_titles=frozenset(["MODALITY"]))
    with EmbeddedPacs(tmp_path / "a", options=closed) as pacs:
        answer = get(f"{pacs.open_web()}/studies")
        assert (answer.status_code, "AE titles" in answer.text) == (403, True)
    login = PacsOptions(calling_ae_titles=frozenset(["MODALITY"]), web=WebOptions(token="x"))
    with EmbeddedPacs(tmp_path / "b", options=login) as pacs:
        headers = {"Authorization": "Bearer x"}
        url = pacs.open_web()
        assert (
            httpx2.get(f"{url}/studies", headers=headers, verify=NO_TLS, timeout=30).status_code
            == 200
        )


@pytest.mark.parametrize(
    ("allowed", "header"), [((), None), (("https://viewer.test",), "https://viewer.test")]
)
def test_pages_of_other_origins_read_nothing_unless_they_are_named(
    tmp_path: Path, allowed: tuple[str, ...], header: str | None
) -> None:
    with served(tmp_path, allow_origins=allowed) as pacs:
        url = f"{pacs.open_web()}/studies"
        answer = httpx2.get(
            url, headers={"Origin": "https://viewer.test"}, verify=NO_TLS, timeout=30
        )
        assert answer.headers.get("access-control-allow-origin") == header
        other = httpx2.get(url, headers={"Origin": "https://evil.test"}, verify=NO_TLS, timeout=30)
        assert "access-control-allow-origin" not in other.headers


def test_deleting_can_be_switched_off(tmp_path: Path) -> None:
    with served(tmp_path, delete=False) as pacs:
        stow(pacs.open_web(), [sample()])
        assert (
            httpx2.delete(f"{pacs.open_web()}/studies/1.2.3", verify=NO_TLS, timeout=30).status_code
            == 405
        )
        assert pacs.archive.counts().studies == 1


@pytest.mark.parametrize(
    ("host", "more", "done"),
    [
        ("127.0.0.1", {}, True), ("0.0.0.0", {}, False), ("0.0.0.0", {"delete": True}, True),
        ("0.0.0.0", {"token": "t"}, True), ("127.0.0.1", {"delete": False}, False),
    ],
)  # fmt: skip
def test_strangers_delete_nothing_unless_somebody_said_that_they_may(
    tmp_path: Path, host: str, more: dict[str, Any], done: bool
) -> None:
    options = PacsOptions(web=WebOptions(**more))
    with EmbeddedPacs(tmp_path, host=host, options=options) as pacs:
        url = pacs.open_web().replace("0.0.0.0", "127.0.0.1")
        headers = {"Authorization": "Bearer t"} if "token" in more else {}
        answer = httpx2.delete(f"{url}/studies/1.2.3", headers=headers, verify=NO_TLS, timeout=30)
        assert answer.status_code == (404 if done else 405)


@pytest.mark.peer
def test_the_tls_files_of_the_dicom_port_protect_http_too(tmp_path: Path) -> None:
    program = shutil.which("openssl")
    assert program is not None, "openssl is not installed"
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=x",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    options = PacsOptions(tls=Tls(certificate=certificate, key=key), web=WebOptions())
    with EmbeddedPacs(tmp_path / "pacs", options=options) as pacs:
        url = pacs.open_web()
        assert url.startswith("https://127.0.0.1:")
        trusting = ssl.create_default_context(cafile=str(certificate))
        (reference,) = stow(url, [sample()], verify=trusting).json()["00081199"]["Value"]
        assert reference["00081190"]["Value"][0].startswith(url)
        with pytest.raises(httpx2.HTTPError):
            get(url.replace("https", "http"))
    mutual = PacsOptions(
        tls=Tls(certificate=certificate, key=key, ca=certificate), web=WebOptions()
    )
    with EmbeddedPacs(tmp_path / "mutual", options=mutual) as pacs:
        with pytest.raises(httpx2.HTTPError):
            get(f"{pacs.open_web()}/studies", verify=trusting)
        trusting.load_cert_chain(certificate, key)
        assert get(f"{pacs.open_web()}/studies", verify=trusting).status_code == 200


def test_a_port_that_is_taken_is_an_error_that_names_it(tmp_path: Path) -> None:
    with served(tmp_path / "a") as first:
        port = int(first.open_web().split(":")[2].split("/")[0])
        with (
            served(tmp_path / "b", port=port) as second,
            pytest.raises(MachineError, match=str(port)),
        ):
            second.open_web()


def test_the_port_is_not_open_before_it_is_asked_for(tmp_path: Path) -> None:
    port = free_port()
    with served(tmp_path, port=port) as pacs:
        with pytest.raises(httpx2.ConnectError):
            get(f"http://127.0.0.1:{port}/studies")
        url = pacs.open_web()
        assert pacs.open_web() == url
        assert get(f"{url}/studies").json() == []
        pacs.stop()
        with pytest.raises(httpx2.ConnectError):
            get(f"{url}/studies")


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/studies", "GET, HEAD, OPTIONS, POST"),
        ("/studies/1.2.3", "DELETE, GET, HEAD, OPTIONS, POST"),
        ("/studies/1.2.3/series", "GET, HEAD, OPTIONS"),
        ("/studies/1.2.3/rendered", "GET, HEAD, OPTIONS"),
        ("/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.1/frames/1", "GET, HEAD, OPTIONS"),
    ],
)
def test_each_resource_says_truly_what_can_be_done_with_it(
    url: str, path: str, methods: str
) -> None:
    stow(url, [sample()])
    for method in ("OPTIONS", "PUT", "PATCH", "PROPFIND"):
        answer = httpx2.request(method, url + path, verify=NO_TLS, timeout=30)
        assert answer.status_code == (204 if method == "OPTIONS" else 405)
        assert answer.headers["allow"] == methods
    assert httpx2.head(url + path, verify=NO_TLS, timeout=30).status_code == 200


def test_a_service_that_does_not_delete_does_not_say_it_would(tmp_path: Path) -> None:
    with served(tmp_path, delete=False) as pacs:
        answer = httpx2.delete(f"{pacs.open_web()}/studies/1.2.3", verify=NO_TLS, timeout=30)
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"


def told(url: str, **headers: str) -> str:
    """The URL under which a study can be retrieved, as a search tells it."""
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    (study,) = httpx2.get(f"{url}/studies", headers=names, verify=NO_TLS, timeout=30).json()
    return str(study["00081190"]["Value"][0])


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Forwarded": "for=10.0.0.1;proto=https;host=pacs.test"}, "https://pacs.test"),
        ({"Forwarded": 'for="[::1]:1", for=x;host="pacs.test:8443";PROTO=https'}, "https://pacs.test:8443"),
        ({"X_Forwarded_Proto": "https", "X_Forwarded_Host": "pacs.test"}, "https://pacs.test"),
        (
            {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "evil.test, pacs.test",
             "X_Forwarded_Port": "8443", "X_Forwarded_Prefix": "/imaging/"},
            "https://pacs.test:8443/imaging",
        ),
    ],
)  # fmt: skip
def test_urls_are_those_of_a_trusted_proxy_and_of_no_other(
    tmp_path: Path, headers: dict[str, str], expected: str
) -> None:
    with served(tmp_path / "a", trusted_proxies=("127.0.0.0/8",)) as pacs:
        url = pacs.open_web()
        stow(url, [sample()])
        assert told(url, **headers) == f"{expected}/dicom-web/studies/1.2.3"
        assert told(url) == f"{url}/studies/1.2.3"
        assert told(url, Forwarded='host="x y";proto=gopher') == f"{url}/studies/1.2.3"
        assert told(url, X_Forwarded_Host="[", X_Forwarded_Port="80") == f"{url}/studies/1.2.3"
        assert told(url, Forwarded=f"host=pacs.test;for={'x' * 1_000}") == f"{url}/studies/1.2.3"
    for proxies in ((), ("10.0.0.0/8",)):
        with served(tmp_path / f"b{len(proxies)}", trusted_proxies=proxies) as pacs:
            url = pacs.open_web()
            stow(url, [sample()])
            assert told(url, **headers) == f"{url}/studies/1.2.3"


def test_a_name_that_is_not_ours_is_refused_so_that_no_page_gets_at_the_answers(
    tmp_path: Path,
) -> None:
    with served(tmp_path, allow_hosts=("pacs.test",)) as pacs:
        url = pacs.open_web()
        stow(url, [sample()])
        for host in ("localhost:1", "127.0.0.1", "[::1]:80", "pacs.test:8080", "PACS.test"):
            assert httpx2.get(
                f"{url}/studies", headers={"Host": host}, verify=NO_TLS, timeout=30
            ).is_success
        for host in ("evil.test", "127.0.0.1.evil.test", "localhost.evil.test"):
            answer = httpx2.get(f"{url}/studies", headers={"Host": host}, verify=NO_TLS, timeout=30)
            assert answer.status_code == 421
            assert "00081190" not in answer.text


def test_an_answer_on_a_kept_connection_does_not_wait_for_the_clients_acknowledgement(
    pacs: EmbeddedPacs, url: str
) -> None:
    stow(url, [sample()])
    with httpx2.Client(verify=NO_TLS, timeout=30) as client:
        client.get(f"{url}/studies")
        assert pacs._web is not None
        (connection,) = pacs._web._connections()
        sock = connection.transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


_FIRST = """
import sys
from pathlib import Path
from urllib.request import Request, urlopen
from scenario_runner.pacs.server import EmbeddedPacs
with EmbeddedPacs(Path(sys.argv[1])) as pacs:
    url = pacs.open_web(prepared=True)
    pacs.archive.keep(pacs.archive.take_in([Path(sys.argv[2]).read_bytes()]))
    before = set(sys.modules)
    for path, accept in (("studies", "*/*"), ("studies/1.2.3/thumbnail", "image/jpeg")):
        urlopen(Request(f"{url}/{path}", headers={"Accept": accept})).read()
    print(sorted(set(sys.modules) - before))
"""


def test_the_first_who_ask_a_served_pacs_wait_for_nothing_to_be_loaded(tmp_path: Path) -> None:
    file = tmp_path / "one.dcm"
    file.write_bytes(sample().file)
    done = subprocess.run(
        [sys.executable, "-c", _FIRST, str(tmp_path / "pacs"), str(file)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
