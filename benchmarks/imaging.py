"""How quickly images are made: ratios to a plain pydicom loop and to writing the same bytes raw.

``python benchmarks/imaging.py`` prints ratios of medians measured in one run on one machine. The
plain loop draws the same text with Pillow onto pixels it gets for nothing, and encodes with
pydicom; it is what one writes first.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from copy import deepcopy
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from pydicom.uid import UID

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scenario_runner.imaging.write_behind import write_behind
from tests.imaging.planned import factory, plan_series

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenario_runner.imaging.instance import Instance
    from scenario_runner.planning.plan import PlannedSeries


def plain_loop(series: PlannedSeries, made: Instance, images: int) -> None:
    """A data set changed, drawn on and written by pydicom, again for every image."""
    dataset, pixels = made.dataset(), made.pixels()
    font = ImageFont.load_default(max(9, min(pixels.shape) // 42))
    size = max(9, min(pixels.shape) // 42)
    for image in series.images[:images]:
        current = deepcopy(dataset)
        current.SOPInstanceUID = UID(image.uid)
        current.file_meta.MediaStorageSOPInstanceUID = UID(image.uid)
        current.InstanceNumber = image.number
        lines = [
            str(current.PatientName),
            current.PatientID,
            current.AccessionNumber,
            current.StudyInstanceUID,
            current.SOPInstanceUID,
            f"{image.number} of {series.image_count}",
        ]
        canvas = Image.fromarray(pixels.astype(np.int32))
        draw = ImageDraw.Draw(canvas)
        for number, line in enumerate(lines):
            draw.text((4, 4 + number * size * 1.25), line, fill=2000, font=font)
        current.PixelData = np.asarray(canvas).astype(pixels.dtype).tobytes()
        current.save_as(BytesIO(), enforce_file_format=True)


def stream(series: PlannedSeries, images: int) -> None:
    """Ours, handed on and forgotten."""
    for _ in factory().instances(series.images[:images]):
        pass


def to_disk(series: PlannedSeries, folder: Path) -> None:
    """Ours, a file each."""

    def place(instance: Instance) -> Path:
        assert instance.image is not None
        return folder / f"{instance.image.number}.dcm"

    for _ in write_behind(factory().instances(series.images), place):
        pass


def raw_write(instance: Instance, images: int, folder: Path) -> None:
    """The same number of bytes, from memory."""
    content = instance.meta + b"".join(instance.buffers)
    for number in range(images):
        with (folder / f"{number}.dcm").open("xb", buffering=0) as file:
            file.write(content)


def seconds(work: Callable[[], None], repeats: int) -> float:
    """Median time."""
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def on_disk(work: Callable[[Path], object], repeats: int) -> float:
    """Median time of work in a folder that is emptied in between."""
    taken = []
    for _ in range(repeats):
        folder = Path(tempfile.mkdtemp())
        try:
            start = time.perf_counter()
            work(folder)
            taken.append(time.perf_counter() - start)
        finally:
            shutil.rmtree(folder)
    return statistics.median(taken)


def compare(title: str, series: PlannedSeries, plain_images: int, repeats: int) -> None:
    """One kind of image: streamed against the plain loop, written against raw writing."""
    images = series.image_count
    instance = factory().instance(series.images[0])
    plain = seconds(lambda: plain_loop(series, instance, plain_images), 3) / plain_images
    ours = seconds(lambda: stream(series, images), repeats) / images
    print(
        f"{title}: streamed {plain / ours:.1f}x the plain pydicom loop"
        f"   ({1 / ours:,.0f} against {1 / plain:,.0f} images/s)"
    )
    # Alternating, so that both meet the disk in the same mood.
    written, raw = [], []
    for _ in range(repeats):
        raw.append(on_disk(lambda folder: raw_write(instance, images, folder), 1))
        written.append(on_disk(lambda folder: to_disk(series, folder), 1))
    ratio = statistics.median(w / r for w, r in zip(written, raw, strict=True))
    print(
        f"{title}: to disk {ratio:.2f}x the time of writing the same bytes raw"
        f"   ({statistics.median(written) / images * 1e3:.2f} against "
        f"{statistics.median(raw) / images * 1e3:.2f} ms each)"
    )


def whole_process() -> None:
    """1,000 CT slices to disk by a new Python process, start-up and all."""
    series = plan_series("CT", images=1000)
    instance = factory().instance(series.images[0])
    ratios = []
    for _ in range(3):
        raw = on_disk(lambda folder: raw_write(instance, 1000, folder), 1)
        ours = on_disk(
            lambda folder: subprocess.run(
                [sys.executable, __file__, "--slices", str(folder)], check=True
            ),
            1,
        )
        ratios.append((ours / raw, ours, raw))
    ratio, ours, raw = sorted(ratios)[1]
    print(
        f"whole process, 1,000 CT slices to disk: {ratio:.2f}x raw   ({ours:.2f} against {raw:.2f} s)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--slices", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.slices:
        to_disk(plan_series("CT", images=1000), given.slices)
        return
    compare("CT 512x512", plan_series("CT", images=1000), 60, 5)
    compare("DX 2048x2048", plan_series("DX", images=60), 10, 5)
    whole_process()


if __name__ == "__main__":
    main()
