"""What a collector of OpenTelemetry is told of a run: a receiver of OTLP/HTTP on loopback that decodes what comes."""

from __future__ import annotations

import gzip
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.running import command, environment, fabricate, record, write_scenario

pytest.importorskip("opentelemetry.exporter.otlp.proto.http")


@dataclass
class Collector:
    """What came. refuses: answers with an error."""

    url: str = ""
    refuses: bool = False
    spans: list[Any] = field(default_factory=list)
    metrics: list[Any] = field(default_factory=list)
    services: set[str] = field(default_factory=set)

    def take(self, path: str, body: bytes) -> None:
        from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
            ExportMetricsServiceRequest,
        )
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
            ExportTraceServiceRequest,
        )

        if path == "/v1/traces":
            for of in ExportTraceServiceRequest.FromString(body).resource_spans:
                self.services |= {
                    one.value.string_value
                    for one in of.resource.attributes
                    if one.key == "service.name"
                }
                self.spans += [span for scope in of.scope_spans for span in scope.spans]
        elif path == "/v1/metrics":
            for of in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                self.metrics += [one for scope in of.scope_metrics for one in scope.metrics]


@pytest.fixture
def collector() -> Iterator[Collector]:
    found = Collector()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            found.take(self.path, body)
            self.send_response(400 if found.refuses else 200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def scenario(folder: Path) -> Path:
    return write_scenario(
        folder / "told.yaml",
        [
            {"send": {"to": "pacs"}, "title": "Send it"},
            {"assert": [{"equal": {"actual": 1, "expected": 2}}]},
        ],
    )


def attributes(one: Any) -> dict[str, str]:
    return {each.key: each.value.string_value for each in one.attributes}


def test_the_login_of_a_collector_is_in_no_file_of_a_run_or_its_rerun(
    collector: Collector, tmp_path: Path
) -> None:
    password = "Str3nger-Geheim!"
    address = collector.url.replace("://", f"://fabricate:{password}@")
    out, again = tmp_path / "run", tmp_path / "again"
    common = ("--registry", ":memory:", "--otel", address)
    first = fabricate("run", scenario(tmp_path), *common, "--out", out).check(1)
    second = fabricate("rerun", out, *common, "--out", again)
    said = first.out + first.err + second.out + second.err
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert again / "run.json" in files
    found = [path for path in files if password.encode() in path.read_bytes()]
    assert (found, password in said) == ([], False)
    assert address.replace(password, "•••") in record(again)["command"]


def test_a_run_is_a_tree_of_spans_and_its_instances_are_counted(
    collector: Collector, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    done = fabricate(
        "run", scenario(tmp_path), "--registry", ":memory:", "--out", out,
        env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url},
    ).check(1)  # fmt: skip
    assert LOST not in done.err
    assert collector.services == {"fabricate"}
    by_name = {span.name: span for span in collector.spans}
    assert {*by_name} == {"run", "case told", "Send it", "assert"}
    assert {span.trace_id for span in collector.spans} == {by_name["run"].trace_id}
    assert by_name["case told"].parent_span_id == by_name["run"].span_id
    for name in ("Send it", "assert"):
        assert by_name[name].parent_span_id == by_name["case told"].span_id
        assert by_name["run"].start_time_unix_nano <= by_name[name].start_time_unix_nano
        assert by_name[name].end_time_unix_nano <= by_name["run"].end_time_unix_nano
    assert attributes(by_name["run"])["fabricate.run"] == record(out)["id"]
    assert attributes(by_name["Send it"])["fabricate.outcome"] == "passed"
    assert by_name["assert"].status.code == 2
    assert "1 of 1 check" in by_name["assert"].status.message
    counted = {
        one.name: {
            tuple(sorted(attributes(point).items())): point.as_int for point in one.sum.data_points
        }
        for one in collector.metrics
        if one.HasField("sum")
    }
    assert counted["fabricate.instances"] == {(("status", "0000"), ("target", "pacs")): 2}
    assert counted["fabricate.checks"] == {(("check", "equal"), ("outcome", "failed")): 1}
    assert counted["fabricate.cases"] == {(("outcome", "failed"),): 1}
    (durations,) = [one for one in collector.metrics if one.name == "fabricate.step.duration"]
    assert sum(point.count for point in durations.histogram.data_points) == 2


LOST = "the collector of OpenTelemetry has not taken all of the run"


def test_a_collector_that_refuses_does_not_change_the_run(
    collector: Collector, tmp_path: Path
) -> None:
    collector.refuses = True
    out = tmp_path / "run"
    done = fabricate(
        "run", scenario(tmp_path), "--registry", ":memory:", "--out", out, "--otel", collector.url
    ).check(1)
    assert collector.spans
    assert record(out)["outcome"] == "failed"
    assert done.err.count(LOST) == 1


def test_a_collector_that_is_not_there_is_given_up_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
    out = tmp_path / "run"
    done = fabricate(
        "run", scenario(tmp_path), "--registry", ":memory:", "--out", out, "--otel", address
    ).check(1)
    assert record(out)["outcome"] == "failed"
    assert done.err.splitlines()[-1].startswith(LOST)
    assert "Transient error" not in done.out + done.err


def test_without_a_collector_nothing_of_it_is_loaded(tmp_path: Path) -> None:
    program = (
        "import sys; from scenario_runner.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert end.code == 1, end.code\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]"
    )
    env = {key: value for key, value in environment().items() if not key.startswith("OTEL_")}
    arguments = command(
        "run", scenario(tmp_path), "--registry", ":memory:", "--out", tmp_path / "r"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments[3:]],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
