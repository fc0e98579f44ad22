"""A run is signed on its page, by those who may, and whoever looks sees when it is not what was signed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from scenario_runner.database.engine import Database
from scenario_runner.service.audit.activities import Activity
from scenario_runner.service.audit.trail import Trail
from tests.evidence.signing.people import command, key, key_file
from tests.evidence.signing.softhsm import PIN, token_in
from tests.web.auth.people import add, logged_in
from tests.web.console.browsing import LOOKS, tab
from tests.web.runs.asking import client_of, ended, started
from tests.web.runs.scenarios import quick
from tests.web.served import Served, served

pytestmark = pytest.mark.peer
HOUSE = "house.pem"
PASSWORD = "of the house"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("signing")
    key_file(folder, key("p256", "house"), HOUSE, PASSWORD)
    settings = folder / "service.yaml"
    settings.write_text(f"schema: service/v1\nsigning: {{key: {HOUSE}}}\n", encoding="utf-8")
    (folder / "token").mkdir()
    token = token_in(folder / "token")
    env = {**token.environ, "PKCS11_MODULE": str(token.module), "FABRICATE_KEY_PASSWORD": PASSWORD}
    with served(folder / "data", "--config", settings, env=env) as running:
        yield running


def test_a_run_is_signed_on_its_page_and_a_changed_file_is_seen(
    service: Served, browser: Browser, tmp_path: Path
) -> None:
    with client_of(service.url) as client:
        run = started(client, quick())
        assert ended(client, run)["outcome"] == "passed"
    own = key_file(tmp_path, key("ed25519"), password="mine")
    with tab(browser, service.url) as it:
        page = it.go(f"/runs/{run}")
        part = page.locator("#signatures")
        expect(part).to_contain_text("Nobody has signed it")
        part.get_by_role("button", name="Check its files").click()
        expect(part).to_contain_text("files are as they were")
        part.get_by_role("button", name="Sign …").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Name").fill("Jane <b>Citizen</b>")
        dialog.get_by_label("As what").fill("PACS manager")
        for scheme, width in LOOKS[:2]:
            it.look(scheme, width)
            assert it.violations() == [], (scheme, width)
        it.look("light", 1440)
        dialog.get_by_role("button", name="Sign", exact=True).click()
        row = part.get_by_role("row").filter(has_text="Jane <b>Citizen</b>")
        expect(row).to_contain_text("Holds")
        expect(row).to_contain_text("Reviewed")
        part.get_by_role("button", name="Sign …").click()
        dialog.get_by_label("It says").select_option("approved")
        dialog.get_by_label("Name").fill("Ray Mason")
        dialog.get_by_label("With", exact=True).select_option("own")
        dialog.get_by_label("Private key").set_input_files(own)
        it.expects(422)
        dialog.get_by_role("button", name="Sign", exact=True).click()
        expect(dialog.get_by_role("alert")).to_contain_text("the key is encrypted")
        dialog.get_by_label("Password of the key").fill("mine")
        dialog.get_by_role("button", name="Sign", exact=True).click()
        expect(part.get_by_role("row").filter(has_text="Ray Mason")).to_contain_text("Holds")
        folder = next(service.data.rglob(f"{run}/manifest.json")).parent
        assert command("verify", folder) == 0, "as the command line sees it"
        report = folder / "report.html"
        report.write_bytes(report.read_bytes() + b" ")
        it.go(f"/runs/{run}")
        expect(part.get_by_text("Does not hold")).to_have_count(2)
        expect(part).to_contain_text("report.html")
        for scheme, width in LOOKS:
            it.look(scheme, width)
            assert it.violations() == [], (scheme, width)
            assert it.overflow() == 0
    with Database(service.data / "registry.sqlite3") as database:
        said = [
            (one.outcome, one.detail["name"], one.detail["key"])
            for one in Trail(database).entries()
            if one.what is Activity.RUN_SIGNED
        ]
    assert said == [
        ("success", "Jane <b>Citizen</b>", "house"),
        ("failed", "Ray Mason", "own"),
        ("success", "Ray Mason", "own"),
    ]


def test_a_key_that_stays_in_a_token_signs_with_its_pin_each_time(service: Served) -> None:
    with client_of(service.url) as client:
        run = started(client, quick())
        ended(client, run)
        uri = "pkcs11:token=house;object=p256"
        form = {"meaning": "approved", "name": "Jane", "with": "token", "uri": uri, "pin": PIN}

        def said(**given: str) -> str:
            return client.post(f"/runs/{run}/sign", data=form | given).text

        assert said(pin="0").count("the PIN is another one") == 1
        assert "Holds" in said()
        assert "the PIN is another one" in said(pin="0"), "nobody stays logged in"
        assert "needs its PIN" in said(pin="")
        assert "names no key of a token" in said(uri=f"{uri}?module-path=/tmp/mine.so")
        assert said(name="Ray").count("Holds") == 2


def test_only_those_who_may_run_sign_and_the_servers_key_names_their_account(
    tmp_path: Path,
) -> None:
    key_file(tmp_path, key("ed25519", "house"), HOUSE)
    (tmp_path / "service.yaml").write_text(
        f"schema: service/v1\nsigning: {{key: {HOUSE}}}\n", encoding="utf-8"
    )
    data = tmp_path / "data"
    add(data, "joy", "technician")
    add(data, "ward", "nurse")
    with (
        served(data, "--config", tmp_path / "service.yaml") as service,
        logged_in(service.url, "joy") as joy,
        logged_in(service.url, "ward") as ward,
    ):
        run = started(joy, quick())
        ended(joy, run)
        form = {"meaning": "approved", "name": "The Director", "with": "house"}
        assert ward.post(f"/runs/{run}/sign", data=form).status_code == 403
        forged = joy.post(f"/runs/{run}/sign", data=form, headers={"X-CSRF-Token": ""})
        assert forged.status_code == 403
        nothing = joy.post(f"/runs/{run}/sign", data=form | {"meaning": "read"})
        assert nothing.status_code == 422
        assert "The Director (joy)" in joy.post(f"/runs/{run}/sign", data=form).text
        seen = ward.get(f"/runs/{run}/signatures").text
        assert "The Director (joy)" in seen
        assert "Sign …" not in seen
