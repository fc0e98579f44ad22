"""A DICOM instance as bytes that are ready to be written or sent, never joined."""

from __future__ import annotations

import contextlib
import os
from io import BytesIO
from typing import TYPE_CHECKING

from scenario_runner.decoding import pixels_of
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from pydicom import Dataset

    from scenario_runner.planning.plan import PlannedImage

Buffer = bytes | memoryview

_VECTOR = 512
"""Parts that one ``writev`` takes; systems allow 1024 or more."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One SOP instance, encoded.

    buffers: the data set in its transfer syntax, in order, without preamble and file meta
    information (what a C-STORE sends). meta: the same instance's preamble, ``DICM`` and group 0002,
    so that ``meta`` followed by ``buffers`` is a Part 10 file.
    """

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    meta: bytes
    buffers: Sequence[Buffer]
    image: PlannedImage | None = None
    """What was planned; None for an imported instance."""
    clean: Instance | None = None
    """What it was before it was broken on purpose; None for one that was not."""

    @property
    def size(self) -> int:
        """Bytes of the data set."""
        return sum(len(buffer) for buffer in self.buffers)

    def write(self, path: Path) -> None:
        """Write a Part 10 file (PS3.10 7.1). Raises OSError.

        An existing file is left alone (FileExistsError); a half-written one is removed.
        """
        with path.open("xb", buffering=0) as file:
            try:
                write_all(file.fileno(), [self.meta, *self.buffers])
            except BaseException:
                file.close()
                with contextlib.suppress(OSError):
                    path.unlink()
                raise

    def dataset(self) -> Dataset:
        """Decode into a pydicom data set with file meta information, its text by our codec."""
        from scenario_runner.dicom.datasets import read_file

        # One that was broken on purpose may lack even its preamble.
        broken = self.clean is not None
        return read_file(BytesIO(b"".join((self.meta, *self.buffers))), force=broken)

    def pixels(self) -> np.ndarray:
        """The stored pixel values, (rows, columns) or (frames, rows, columns[, samples])."""
        return pixels_of(self.dataset())


def write_all(descriptor: int, parts: list[Buffer]) -> None:
    """Write all parts to an open file, in one system call where there is one for that.

    Raises OSError. ``parts`` is used up.
    """
    if hasattr(os, "writev"):
        written = os.writev(descriptor, parts[:_VECTOR])
        while written:
            if written < len(parts[0]):
                parts[0] = memoryview(parts[0])[written:]
                break
            written -= len(parts.pop(0))
    for part in parts:
        view = memoryview(part)
        while view:
            view = view[os.write(descriptor, view) :]
