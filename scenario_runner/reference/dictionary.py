"""The tables of attributes and UIDs: what pydicom's dictionary has, and what DCMTK's has beyond it.

    python -m scenario_runner.reference.dictionary [DICOM.DIC DCUID.H]

writes ``known.tsv`` from the pydicom that is installed and, when the two files are given, ``newer.tsv``:
with ``dcmdata/data/dicom.dic`` and ``dcmdata/include/dcmtk/dcmdata/dcuid.h`` of DCMTK's repository
(github.com/DCMTK/dcmtk), which OFFIS generates from PS3.6 and PS3.7. Facts are taken: tag, VR, VM and
keyword of an attribute, UID and keyword of a registered one. Run it again when either side is newer.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

KNOWN = Path(__file__).parents[1] / "dicom/known.tsv"
NEWER = KNOWN.with_name("newer.tsv")

_ATTRIBUTE = re.compile(
    r"\((?P<group>[0-9A-F]{4}),(?P<number>[0-9A-F]{4})\)\t(?P<vr>\w+)\t(?P<keyword>\w+)\t"
    r"(?P<vm>[\dn-]+)\t(DICOM(/DICONDE|/DICOS)?|DICONDE|DICOS)",
    re.IGNORECASE,
)
_UID = re.compile(r'#define\s+UID_(?P<keyword>\w+)\s+"(?P<uid>1\.2\.840\.10008[\d.]*\d)"')
_EDITION = re.compile(r"Generated automatically from (.*?)\.$", re.MULTILINE)
_VRS = {"ox": "OB or OW", "xs": "US or SS", "lt": "US or OW", "up": "UL", "na": ""}
"""What dicom.dic writes for VRs that depend on others."""


def table(dictionary: str, uids: str) -> str:
    """The rows that pydicom lacks, below a heading that names the source."""
    edition = _EDITION.search(dictionary)
    heading = (
        "# What is newer than pydicom's dictionary and registry of UIDs (PS3.6), made by\n"
        "# scenario_runner/reference/dictionary.py from DCMTK's dicom.dic and dcuid.h,\n"
        f"# generated there from {edition[1] if edition else 'an unnamed edition'}.\n"
        "# attribute: tag, VR, VM, keyword. uid: UID, kind, nothing, name.\n"
    )
    rows = [*_attributes(dictionary), *_uids(uids)]
    return heading + "".join("\t".join(row) + "\n" for row in rows)


def known() -> str:
    """What pydicom has: the rows of ``known.tsv`` below their heading."""
    from pydicom import __version__

    return (
        f"# What the dictionary of pydicom {__version__} has (PS3.6), made by\n"
        "# scenario_runner/reference/dictionary.py.\n"
        "# attribute or retired: tag, VR, VM, keyword; repeating: the same, X for any digit.\n"
        "# uid: UID, kind, keyword, name.\n"
    ) + "".join("\t".join(row) + "\n" for row in (*_known_attributes(), *_known_uids()))


def _known_attributes() -> Iterator[tuple[str, ...]]:
    from pydicom.datadict import (  # type: ignore[attr-defined]
        DicomDictionary,
        RepeatersDictionary,
    )

    for tag, (vr, vm, _, retired, keyword) in DicomDictionary.items():
        if keyword:
            yield "retired" if retired else "attribute", f"{tag:08X}", vr, vm, keyword
    for mask, (vr, vm, _, _, keyword) in RepeatersDictionary.items():
        if keyword:
            yield "repeating", mask.upper(), vr, vm, keyword


def _known_uids() -> Iterator[tuple[str, ...]]:
    from pydicom.uid import UID_dictionary  # type: ignore[attr-defined]

    for uid, (name, kind, _, _, keyword) in UID_dictionary.items():
        yield "uid", uid, kind, keyword, name


def _attributes(dictionary: str) -> Iterator[tuple[str, ...]]:
    from pydicom.datadict import get_entry

    for line in dictionary.splitlines():
        found = _ATTRIBUTE.fullmatch(line)
        if found is None or int(found["group"], 16) & 1:
            continue
        number = (found["group"] + found["number"]).upper()
        vr = _VRS.get(found["vr"], found["vr"])
        try:
            get_entry(int(number, 16))
        except KeyError:
            if vr:
                yield "attribute", number, vr, found["vm"], found["keyword"]


def _uids(header: str) -> Iterator[tuple[str, ...]]:
    from pydicom.config import IGNORE
    from pydicom.uid import UID

    for found in _UID.finditer(header):
        keyword = found["keyword"].rpartition("DICONDE_")[2]
        if UID(found["uid"], IGNORE).type:
            continue
        syntax = keyword.endswith("TransferSyntax")
        name = _name(keyword.removesuffix("TransferSyntax"))
        yield "uid", found["uid"], "Transfer Syntax" if syntax else "SOP Class", "", name


def _name(keyword: str) -> str:
    """``JPEGXLLossless`` as ``JPEG XL Lossless``."""
    spaced = keyword.replace("JPEGXL", "JPEG XL ").replace("JPEGRec", "JPEG Rec")
    return " ".join(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", spaced).split())


def main(arguments: Sequence[str]) -> int:
    """Write the tables."""
    KNOWN.write_text(known(), encoding="utf-8")
    if arguments:
        dictionary, uids = (Path(each).read_text(encoding="utf-8") for each in arguments)
        NEWER.write_text(table(dictionary, uids), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
