"""A service that was backed up while it worked goes on in another place as if nothing had happened."""

from __future__ import annotations

import threading
from pathlib import Path

from tests.running import fabricate
from tests.web.imaging_files import ct, upload
from tests.web.runs.asking import RUNS, begun, client_of, ended, started
from tests.web.runs.scenarios import endless
from tests.web.served import served


def test_what_was_stored_before_the_backup_is_served_after_the_restore(tmp_path: Path) -> None:
    data, other, file = tmp_path / "data", tmp_path / "other", tmp_path / "backup.tar"
    with served(data) as service, client_of(service.url) as client:
        run = started(client, endless())
        begun(client, run)
        for number in range(5):
            assert upload(service, ct(f"1.2.{number}")).status_code == 201
        answers: list[int] = []

        def go_on() -> None:
            answers.extend(upload(service, ct(f"1.3.{number}")).status_code for number in range(10))

        thread = threading.Thread(target=go_on)
        thread.start()
        made = fabricate("backup", file, "--data", data).check(0)
        thread.join()
        assert answers == [201] * 10
        assert service.client.get(f"{service.api}/studies").json()["total"] == 15
        client.post(f"{RUNS}/{run}/stop")
        assert ended(client, run)["outcome"] == "interrupted"
    head = fabricate("restore", file, "--data", other).check(0).out
    assert head == made.out
    assert "has something in it" in fabricate("restore", file, "--data", other).check(2).err
    with served(other) as service, client_of(service.url) as client:
        assert ended(client, run)["outcome"] == "died"
        begun(client, run)  # what it had done is in its log
        found = service.client.get(f"{service.api}/studies").json()
        uids = {one["study_instance_uid"] for one in found["studies"]}
        assert {f"1.2.{number}" for number in range(5)} <= uids
        for uid in uids:  # whatever of the others is there is there whole
            answer = service.client.get(f"{service.url}/dicom-web/studies/{uid}")
            assert answer.status_code == 200
        history = service.client.get(f"{service.api}/studies/1.2.0").json()["history"]
        assert [one["what"] for one in history][:1] == ["uploaded"]
        assert upload(service, ct("1.4.1")).status_code == 201
    fabricate("audit", "verify", "--data", other).check(0)
