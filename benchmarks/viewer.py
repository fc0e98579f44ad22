"""How long a CT of many slices keeps somebody waiting: its first image once the page is loaded, and each further slice.

    python benchmarks/viewer.py [--slices 500] [--steps 60] [--ohif FILE]

In Chromium without a graphics card. Both viewers are measured by what they draw: the light one says on its canvas which
image that is, OHIF tells by the events of Cornerstone. --ohif: the package of OHIF; without it the light viewer alone.
A slice is "fetched ahead" when one is scrolled to after the other, and "far" when nobody could know that it is wanted.
Fails when a first image takes longer than 2 s, or the next slice of the light viewer longer than 50 ms.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.peers.chromium import browser
from tests.peers.looking import until
from tests.running import fabricate
from tests.web.served import served
from tests.web.viewer.studies import stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.peers.chromium import Browser

FIRST, NEXT = 2000.0, 50.0
"""Milliseconds."""
RUNS = 3
LIGHT = """
window.drawn = [];
new MutationObserver((changes) => {
  for (const {target} of changes) if (target.dataset.image) window.drawn.push([performance.now(), target.dataset.image]);
}).observe(document, {subtree: true, attributes: true, attributeFilter: ["data-image"]});
"""
OHIF = """
window.drawn = [];
let fresh = false;
document.addEventListener("CORNERSTONE_STACK_NEW_IMAGE", () => { fresh = true; }, true);
document.addEventListener("CORNERSTONE_IMAGE_RENDERED", () => {
  if (fresh) window.drawn.push([performance.now(), String(window.drawn.length + 1)]);
  fresh = false;
}, true);
"""
LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"
STEP = """new Promise((done) => {
  const before = window.drawn.length, begun = performance.now();
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: "%s", code: "%s", keyCode: %d, bubbles: true}));
  const look = () => window.drawn.length > before ? done(window.drawn[before][0] - begun)
    : performance.now() > begun + 20000 ? done(-1) : setTimeout(look, 1);
  look();
})"""


def first(page: Browser, url: str, script: str) -> float:
    """Milliseconds from the page being loaded to its first image."""
    made = page.call("Page.addScriptToEvaluateOnNewDocument", source=script)["identifier"]
    page.open(url)
    assert until(lambda: page.value("window.drawn?.length"), 120), (page.errors, page.exceptions)
    page.call("Page.removeScriptToEvaluateOnNewDocument", identifier=made)
    return float(page.value(f"window.drawn[0][0] - {LOADED}"))


def step(page: Browser, key: str, code: int) -> float:
    """Milliseconds from a key to the image that it asks for."""
    script = STEP % (key, key, code)
    done = page.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
    return float(done["result"]["value"])


def told(name: str, times: list[float]) -> float:
    """Print what is usual and what is slow; returns the usual."""
    times = sorted(times)
    usual, slow = statistics.median(times), times[int(0.95 * (len(times) - 1))]
    print(f"{name:44} median {usual:8.1f} ms   p95 {slow:8.1f} ms   of {len(times)}")
    return usual


def measured(page: Browser, name: str, url: str, script: str, steps: int) -> tuple[float, float]:
    """The usual first image and the usual next slice of a viewer."""
    firsts = [first(page, url, script) for _ in range(RUNS)]
    begun = told(f"{name}: first image after load", firsts)
    far = [step(page, "End", 35), step(page, "Home", 36)] if name == "light" else []
    page.value("document.querySelector('.viewport, .viewport-element')?.focus?.()")
    steps_taken: list[float] = []
    for _ in range(steps):
        steps_taken.append(step(page, "ArrowDown", 40))
        time.sleep(0.05)  # as fast as somebody turns a wheel to look at each
    following = told(f"{name}: next slice", steps_taken)
    if far:
        told(f"{name}: far slice", far)
    return begun, following


def study(service: object, slices: int) -> Callable[[str], str]:
    text = f"""
patients:
  - studies:
      - description: ct
        series:
          - {{modality: CT, images: {slices}, size: [512, 512]}}
"""
    uid = stored(service, text)["ct"].uid  # type: ignore[arg-type]
    return lambda path: f"{service.url}{path}?StudyInstanceUIDs={uid}"  # type: ignore[attr-defined]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=500)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--ohif", type=Path, help="the package, as npm pack gives it")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        data = Path(name, "data")
        if given.ohif:
            fabricate("viewer", "install", "--package", given.ohif, "--data", data).check()
        with served(data) as service, browser(Path(name)) as page:
            url = study(service, given.slices)
            light = measured(page, "light", url("/viewer/light"), LIGHT, given.steps)
            ohif = (0.0, 0.0)
            if given.ohif:
                ohif = measured(page, "OHIF", url("/viewer/viewer"), OHIF, given.steps)
    missed = max(light[0], ohif[0]) > FIRST or light[1] > NEXT
    print(
        f"at most {FIRST:.0f} ms for a first image, {NEXT:.0f} ms for the next slice: {'missed' if missed else 'held'}"
    )
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(main())
