"""The Modality Worklist from a folder of files, one scheduled procedure step a file (PS3.4 K).

Every ``.wl`` and ``.dcm`` file counts, as for DCMTK's wlmscpfs; the folder is read again for each query,
so an item appears when its file does and goes when the file goes.
"""

from __future__ import annotations

import logging
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from scenario_runner.archive.combined_keys import combined
from scenario_runner.archive.keys import Match, all_texts, answer_of, holds, keys_of
from scenario_runner.dicom.characters import fitting
from scenario_runner.dicom.element_text import character_sets
from scenario_runner.dicom.elements import DamagedDatasetError, Elements, read_header
from scenario_runner.dicom.part10 import read_meta

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


LOGGER = logging.getLogger(__name__)

_SUFFIXES: Final = (".wl", ".dcm")
_LARGEST: Final = 1 << 24
"""Bytes; a worklist item holds no pixels."""


def find_items(
    folder: Path,
    identifier: Elements,
    scheduled: Iterable[Elements] = (),
    ordered: Mapping[str, bytes | None] = MappingProxyType({}),
) -> Iterator[Match]:
    """The items that match, by the name of their files, then those of ``scheduled``.

    ordered: by name what the files will be soon; None for one that will be gone. Raises DamagedDatasetError for bad
    keys.
    """
    asked = character_sets(identifier)
    keys = combined(keys_of(identifier, asked))  # PS3.4 K.6-1

    def run() -> Iterator[Match]:
        for item in chain(_items(folder, ordered), scheduled):
            terms = character_sets(item)
            if holds(keys, item, terms):
                answer = answer_of(keys, item, terms)
                yield Match(answer, fitting(all_texts(answer), (asked, terms)))

    return run()


def _items(folder: Path, ordered: Mapping[str, bytes | None]) -> Iterator[Elements]:
    soon = {f"{name}.wl": content for name, content in ordered.items()}
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    for name in sorted(there.union(soon)):
        path = folder / name
        if path.suffix.lower() not in _SUFFIXES:
            continue
        try:
            content = soon[name] if name in soon else _read(path)
            if content is not None:
                meta = read_meta(content)
                yield read_header(content[meta.data_offset :], meta.transfer_syntax_uid)
        except (OSError, DamagedDatasetError) as error:
            LOGGER.warning("'%s' is no worklist item: %s", path, error)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LARGEST)
