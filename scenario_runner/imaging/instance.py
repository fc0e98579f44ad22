"""A DICOM instance as bytes that are ready to be written or sent, never joined."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from pydicom import Dataset

    from scenario_runner.planning.plan import PlannedImage

Buffer = bytes | memoryview

_SMALL = 65536
"""Bytes that are joined more quickly than written apart."""


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

    @property
    def size(self) -> int:
        """Bytes of the data set."""
        return sum(len(buffer) for buffer in self.buffers)

    def write(self, path: Path) -> None:
        """Write a Part 10 file (PS3.10 7.1). Raises OSError.

        An existing file is left alone (FileExistsError); a half-written one is removed.
        """
        parts = (self.meta, *self.buffers)
        if self.buffers and len(self.buffers[0]) < _SMALL:
            parts = (self.meta + bytes(self.buffers[0]), *self.buffers[1:])
        with path.open("xb", buffering=0) as file:
            try:
                for part in parts:
                    view = memoryview(part)
                    while view:
                        view = view[file.write(view) :]
            except BaseException:
                file.close()
                with contextlib.suppress(OSError):
                    path.unlink()
                raise

    def dataset(self) -> Dataset:
        """Decode into a pydicom data set with file meta information."""
        from io import BytesIO

        from pydicom import dcmread

        return dcmread(BytesIO(b"".join((self.meta, *self.buffers))))

    def pixels(self) -> np.ndarray:
        """The stored pixel values, (rows, columns) or (frames, rows, columns[, samples])."""
        return self.dataset().pixel_array
