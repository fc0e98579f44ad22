"""What the reports of a big run cost: processor time and memory, from the event log to every file.

A run of 10,000 images in 10 cases, each image sent and acknowledged, with checks, logs and progress up to 100,000
events. Prints seconds of processor time and megabytes at the peak of this process, and what the log costs an instance.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

CASES = 10


def make(folder: Path, images: int, events: int) -> None:
    from scenario_runner.events import InstanceSent, Logged
    from tests.evidence import samples

    story = samples.Story()
    story.begin()
    each = images // CASES
    filler = max(0, events - images - 8 * CASES) // CASES
    for number in range(CASES):
        case = f"c{number}"
        person = samples.patient(number + 1, series=1, images=each)
        story.case([("send_1", "send", "Send")], case=case, patients=[person])
        inside = [
            InstanceSent(
                case=case, id="send_1", target="pacs", image=image["key"], uid=image["uid"],
                status="0000", stored=True, maybe_stored=False, comment="",
            )
            for image in person["studies"][0]["series"][0]["images"]
        ]  # fmt: skip
        logs = [
            Logged(case=case, id="send_1", level="info", message=f"message {n} of many")
            for n in range(filler)
        ]
        story.step("send_1", "send", "Send", case=case, inside=[*inside, *logs])
        story.end_case("passed", case=case)
    story.end("passed")
    story.write(folder)


def write(folder: Path) -> dict[str, float]:
    from scenario_runner.evidence.built_in import fabricate_reporters
    from scenario_runner.evidence.write import write_reports

    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, process_time()
    write_reports(folder, fabricate_reporters())
    used = process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": used, "megabytes": peak / 1024, "megabytes before": before / 1024}


def event_cost(instances: int, secrets: list[str]) -> tuple[float, float]:
    """Microseconds of processor time and bytes of the log for each instance sent. secrets: what to look for in each."""
    import datetime as dt

    from scenario_runner.engine.bus import EventBus
    from scenario_runner.events import InstanceSent
    from scenario_runner.evidence.log import EventLog
    from scenario_runner.redaction import Redactor

    with tempfile.TemporaryDirectory() as there:
        log = EventLog(Path(there) / "events.ndjson")
        bus = EventBus(log, [], Redactor(secrets), lambda: dt.datetime.now(dt.UTC))
        began = process_time()
        for number in range(instances):
            bus.emit(
                InstanceSent(
                    case="ct_series", id="send_1", target="pacs", image=f"p1.s1.e1.i{number}",
                    uid=f"2.25.31044193527314540211334790144{number:07}", status="0000",
                    stored=True, maybe_stored=False, comment="",
                )
            )  # fmt: skip
        used = process_time() - began
        bus.close()
        return used / instances * 1e6, log.path.stat().st_size / instances


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--instances", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.folder:
        print(json.dumps(write(given.folder)))
        return
    with tempfile.TemporaryDirectory() as there:
        folder = Path(there) / "run"
        make(folder, given.images, given.events)
        size = (folder / "events.ndjson").stat().st_size / 1e6
        began = perf_counter()
        # A process of its own, so that the memory is that of the reports.
        done = subprocess.run(
            [sys.executable, __file__, "--folder", folder],
            capture_output=True,
            text=True,
            check=True,
        )
        figures = json.loads(done.stdout)
        print(f"log of {size:.1f} MB; elapsed {perf_counter() - began:.1f} s with the start")
        for name, figure in figures.items():
            print(f"{name:18} {figure:8.2f}")
    for what, secrets in (("", []), (" of a site with a secret", ["orthanc-8gTz-secret"])):
        micro, size = event_cost(given.instances, secrets)
        print(f"an instance sent{what}: {micro:.1f} µs of processor time, {size:.0f} bytes")


if __name__ == "__main__":
    main()
