"""Studies written down as a whole while they are corrected on a PACS, which knows no transactions.

Each has a folder: ``study`` names it, the files in it are what it shall be, those in ``before`` what it was. ``refused``
is there, and says why, once the PACS has not taken the former: the study is then to be as it was.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scenario_runner.dicom.part10 import file_meta
from scenario_runner.service.homes.sending import File, file_at

if TYPE_CHECKING:
    from scenario_runner.service.homes.home import Change, InstanceFacts

_HALF: Final = ".part"
"""How the folder is called while it is filled; a process that is killed then has changed nothing on the PACS."""


class WrittenDown:
    """One study in its folder. Whoever works on it sees to it that nobody else does."""

    def __init__(self, folder: Path, study: str) -> None:
        self._folder = folder
        self.study = study

    def exists(self) -> bool:
        """Whether the study is written down as a whole."""
        return self._folder.exists()

    def write(self, files: Iterable[tuple[InstanceFacts, Path]], change: Change) -> set[str]:
        """Write down what files are and shall be; they are taken away. Returns their SOP Instance UIDs.

        ``keep`` makes it count. Raises what ``change`` raises, OSError, DamagedDatasetError.
        """
        half = self._half()
        shutil.rmtree(half, ignore_errors=True)
        before = half / "before"
        before.mkdir(parents=True)
        written: set[str] = set()
        for facts, path in files:
            one = file_at(path)
            data = change(one.buffers[0], one.transfer_syntax_uid)
            meta = file_meta(one.sop_class_uid, facts.sop_instance_uid, one.transfer_syntax_uid)
            (half / path.name).write_bytes(meta + data)
            shutil.move(path, before / path.name)
            written.add(facts.sop_instance_uid)
        (half / "study").write_text(self.study, encoding="ascii")
        return written

    def keep(self) -> None:
        """What was written counts from now on, also after a kill."""
        self._half().rename(self._folder)

    def leave(self) -> None:
        """What was written does not count."""
        shutil.rmtree(self._half(), ignore_errors=True)

    @property
    def after(self) -> list[File]:
        """What the study shall be."""
        return _files(self._folder)

    @property
    def before(self) -> list[File]:
        """What it was."""
        return _files(self._folder / "before")

    @property
    def refused(self) -> str | None:
        """Why the PACS has not taken what it shall be; None where it has not said so."""
        try:
            return (self._folder / "refused").read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def refuse(self, why: str) -> None:
        """The study is to be as it was."""
        written = self._folder / "refused.part"
        written.write_text(why, encoding="utf-8")
        written.replace(self._folder / "refused")

    def forget(self) -> None:
        """The PACS has the study, or is to have it no more."""
        self._folder.rename(self._half())  # half a folder would be taken for a smaller study
        self.leave()

    def _half(self) -> Path:
        return self._folder.with_name(self._folder.name + _HALF)


class WrittenDownStudies:
    """All of them, in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for half in folder.glob("*" + _HALF):
            shutil.rmtree(half, ignore_errors=True)

    def of(self, study: str) -> WrittenDown:
        """Where a study is written down, or may be."""
        name = hashlib.sha256(study.encode()).hexdigest()[:32]
        return WrittenDown(self._folder / name, study)

    def studies(self) -> list[str]:
        """The UIDs of those that are."""
        found: list[str] = []
        for one in sorted(self._folder.iterdir()):
            if one.suffix != _HALF:
                try:
                    found.append((one / "study").read_text(encoding="ascii"))
                except FileNotFoundError:  # the PACS has it meanwhile
                    continue
        return found


def _files(folder: Path) -> list[File]:
    return [file_at(path) for path in sorted(folder.glob("*.dcm"))]
