"""What pydicom loads for nothing is kept back until somebody decodes.

While it is imported, pydicom tries every decoder there may be, GDCM's library among them, and a client
for the download of its own test images. Together they take as long as all of NumPy, and most processes
never decode anything. For the length of that import, and for pydicom alone, these packages are not
there; afterwards everyone can import them. ``decoding.checked_jpeg``, the only one to use GDCM,
then lets pydicom look again.
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

_NOT_YET = frozenset(("gdcm", "requests"))


class _NotYet(MetaPathFinder):
    """Finds nothing, and during the import of pydicom says so."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - the signature of a finder
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> None:
        if fullname in _NOT_YET and _pydicom_is_loading():
            raise ModuleNotFoundError(f"{fullname} is loaded later", name=fullname)


def _pydicom_is_loading() -> bool:
    """Whether it is there and has no function to read a file yet, which it gets towards the end."""
    pydicom = sys.modules.get("pydicom")
    return pydicom is not None and not hasattr(pydicom, "dcmread")


def keep_back() -> None:
    """For a whole process, which is why a program asks for it and no library does."""
    if not any(isinstance(finder, _NotYet) for finder in sys.meta_path):
        sys.meta_path.insert(0, _NotYet())
