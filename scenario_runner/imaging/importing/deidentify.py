"""One data set under another identity (PS3.15 E.1.1): a walk over its elements by the profile's table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from pydicom import DataElement, Dataset
from pydicom.datadict import dictionary_VR, keyword_for_tag, private_dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.multival import MultiValue

from scenario_runner.dicom import vrs
from scenario_runner.dicom.levels import UIDS
from scenario_runner.dicom.sop_classes import STANDARD_ARC
from scenario_runner.imaging.importing import profile
from scenario_runner.imaging.importing.moments import shift_da, shift_dt
from scenario_runner.imaging.importing.profile import Action
from scenario_runner.imaging.modules.study import code
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from pydicom.tag import BaseTag

    from scenario_runner.imaging.importing.tally import Tally

PLACEHOLDER = "REMOVED"
_DUMMY = {"AS": "000D", "DS": "0", "IS": "0", "UR": "urn:removed"}
_PIXELS = 0x7FE0
_LEAST = 4
"""Characters below which a text is not looked for: too many others hold it by chance."""
_FORMS = {
    "AS": re.compile(r"([0-9]{3}[DWMY])?"),
    "CS": re.compile(r"[ -~]{0,16}"),
    "DS": re.compile(r"[0-9+\-.eE ]{0,40}"),
    "IS": re.compile(r"[0-9+\-. ]{0,40}"),
    "TM": re.compile(r"[0-9:.\- ]{0,28}"),
}
"""What values of VRs that stay must look like, generously: many files break their VR in harmless ways."""
_PARTS = re.compile(r"[\^=\s,;/]+")


@dataclass(frozen=True, slots=True)
class Policy:
    """What a scenario decides. private: creators whose elements stay, or all or none of them."""

    private: Literal["remove", "keep"] | Sequence[str] = "remove"
    keep: frozenset[str] = frozenset()
    """Keywords of the table that stay all the same, unless they hold something that identifies."""


class Deidentifier:
    """Rewrites data sets of one source study.

    uid: old UID to new one. days: how far dates move; None leaves no date at all.
    """

    def __init__(
        self, policy: Policy, uid: Callable[[str], str], days: int | None, tally: Tally
    ) -> None:
        self._policy, self._uid, self._days, self._tally = policy, uid, days, tally
        self._known: re.Pattern[str] | None = None
        self._own_character_sets: list[tuple[Dataset, BaseTag]] = []

    def apply(self, dataset: Dataset) -> None:
        """Take everything out of a data set that says whose it is.

        What ``profile.IDENTITY`` names is left for the caller to set where there is something to say
        about it. All texts are decoded afterwards. Raises ValueError, and what else pydicom raises,
        for a value that cannot be read.
        """
        self._known = _pattern(identifying(dataset))
        self._own_character_sets.clear()
        self._items(dataset, top=True)
        for item, tag in self._own_character_sets:
            del item[tag]

    def _items(self, dataset: Dataset, *, top: bool) -> None:
        kept_creators: set[int] = set()
        tags = list(dataset.keys())
        private = [tag for tag in tags if tag.group & 1]
        for tag in private:
            self._private(dataset, tag, kept_creators)
        for tag in private:
            if tag.is_private_creator and int(tag) not in kept_creators and tag in dataset:
                del dataset[tag]
        for tag in tags:
            if not tag.group & 1:
                self._element(dataset, tag, top=top)

    def _element(self, dataset: Dataset, tag: BaseTag, *, top: bool) -> None:
        keyword, vr = keyword_for_tag(tag), _vr(dataset.get_item(tag))
        if tag.group == _PIXELS and top and keyword:
            return
        if _never(tag) or not keyword or vr not in vrs.ALL:
            self._remove(dataset, tag, keyword)
        elif keyword in profile.IDENTITY and (top or vr not in ("DA", "UI")):
            self._identity(dataset, tag, keyword, top=top)
        elif vr == "UI":
            if keyword not in profile.KEPT_UIDS:
                self._map(dataset[tag])
        elif vr in ("DA", "DT"):
            if keyword not in profile.KEPT_DATES:
                self._move(dataset, tag, vr)
        else:
            self._by_table(dataset, tag, keyword, vr)

    def _identity(self, dataset: Dataset, tag: BaseTag, keyword: str, *, top: bool) -> None:
        """What the plan says goes, for the caller sets it; the three UIDs are mapped."""
        if keyword in UIDS:
            self._map(dataset[tag])
        elif keyword == "SpecificCharacterSet":
            # At the top it is what texts are still read by; an item's own one is none after that.
            if not top:
                self._own_character_sets.append((dataset, tag))
        elif keyword != "SOPClassUID":
            del dataset[tag]

    def _by_table(self, dataset: Dataset, tag: BaseTag, keyword: str, vr: str) -> None:
        action = self._action(keyword, vr)
        if action == "remove":
            self._remove(dataset, tag, keyword)
        elif action == "empty":
            self._tally.emptied[keyword] += not dataset[tag].is_empty
            dataset[tag] = DataElement(tag, vr, [] if vr == "SQ" else None)
        elif action == "dummy":
            self._tally.replaced[keyword] += 1
            dataset[tag] = _dummy(tag, vr)
        elif vr == "SQ":
            for item in dataset[tag].value:
                self._items(item, top=False)
        elif action == "clear":
            self._clear(dataset[tag], keyword)
        else:
            self._keep(dataset, tag, keyword, vr)

    def _action(self, keyword: str, vr: str) -> Action:
        if keyword in self._policy.keep:
            return "clear" if vr in vrs.CHARACTER_SET else "keep"
        if keyword in profile.REMOVE:
            return "remove"
        if keyword in profile.EMPTY:
            return "empty"
        if keyword in profile.DUMMY:
            return "dummy"
        if keyword in profile.KEEP:
            return "clear"
        return profile.BY_VR.get(vr, "keep")

    def _remove(self, dataset: Dataset, tag: BaseTag, keyword: str) -> None:
        if tag.element:
            self._tally.removed[keyword or f"({tag.group:04X},{tag.element:04X})"] += 1
        del dataset[tag]

    def _clear(self, element: DataElement, keyword: str) -> None:
        """Decode a text, and put a placeholder where it holds something that identifies."""
        if self._identifies(_text(element)):
            self._tally.identifying[keyword] += 1
            element.value = PLACEHOLDER

    def _identifies(self, text: str) -> bool:
        return self._known is not None and self._known.search(text) is not None

    def _keep(self, dataset: Dataset, tag: BaseTag, keyword: str, vr: str) -> None:
        """Leave bytes, codes and numbers; what is no code or number where one belongs may say anything."""
        form = _FORMS.get(vr)
        if form is None:
            return
        raw = dataset.get_item(tag).value
        text = raw.decode("latin-1") if isinstance(raw, bytes) else _text(dataset[tag])
        values = [value.strip(" \0") for value in text.split("\\")]
        if not all(form.fullmatch(value) for value in values):
            self._tally.emptied[keyword] += 1
            dataset[tag] = DataElement(tag, vr, None)

    def _map(self, element: DataElement) -> None:
        if element.is_empty:
            return
        several = isinstance(element.value, MultiValue)
        old = [str(value) for value in (element.value if several else [element.value])]
        new = [value if value.startswith(STANDARD_ARC) else self._uid(value) for value in old]
        self._tally.uids += sum(
            1 for before, after in zip(old, new, strict=True) if before != after
        )
        element.value = new if several else new[0]

    def _move(self, dataset: Dataset, tag: BaseTag, vr: str) -> None:
        """Shift the dates of an element; one that is no date is emptied, for it may say anything."""
        element = dataset[tag]
        if element.is_empty:
            return
        several = isinstance(element.value, MultiValue)
        move = shift_da if vr == "DA" else shift_dt
        old = [str(value) for value in (element.value if several else [element.value])]
        new = [None if self._days is None else move(value, self._days) for value in old]
        if None in new:
            self._tally.emptied[keyword_for_tag(tag) or "private date"] += 1
            dataset[tag] = DataElement(tag, vr, None)
            return
        self._tally.dates += len(new)
        dataset[tag] = DataElement(tag, vr, new if several else new[0])

    def _private(self, dataset: Dataset, tag: BaseTag, kept_creators: set[int]) -> None:
        """Keep a private element when the policy knows its creator and it says nothing."""
        if tag.is_private_creator:
            return
        block = (tag.group << 16) | (tag.element >> 8)
        creator = _text(dataset[block]) if tag.element > 0xFF and block in dataset else ""
        allowed = self._policy.private
        if not creator or not (allowed == "keep" or (allowed != "remove" and creator in allowed)):
            self._tally.private_removed += 1
            del dataset[tag]
            return
        if self._keep_private(dataset, tag, creator):
            kept_creators.add(block)
            self._tally.private_kept += 1
        else:
            self._tally.identifying[f"private of {creator}"] += 1
            del dataset[tag]

    def _keep_private(self, dataset: Dataset, tag: BaseTag, creator: str) -> bool:
        vr = _vr(dataset.get_item(tag), creator)
        if vr == "SQ":
            for item in dataset[tag].value:
                self._items(item, top=False)
        elif vr == "UI":
            self._map(dataset[tag])
        elif vr in ("DA", "DT"):
            self._move(dataset, tag, vr)
        elif vr == "PN":
            return False
        elif vr in vrs.BYTES or vr not in vrs.ALL:
            raw = dataset.get_item(tag).value
            return not (isinstance(raw, bytes) and self._identifies(raw.decode("latin-1")))
        elif vr in vrs.TEXT:
            return not self._identifies(_text(dataset[tag]))
        return True


def identifying(dataset: Dataset) -> set[str]:
    """Texts that would tell whose a data set is, from all its levels."""
    found: set[str] = set()
    for element in _elements(dataset):
        keyword = keyword_for_tag(element.tag)
        if element.VR == "PN":
            whole = _text(element)
            found |= {whole, *_PARTS.split(whole)}
        elif keyword in profile.IDENTIFIES:
            found |= {value.strip() for value in _text(element).split("\\")}
    for keyword in UIDS:
        found.add(str(dataset.get(keyword, "")))
    return {text for text in found if len(text) >= _LEAST and text != PLACEHOLDER}


def _elements(dataset: Dataset) -> Iterator[DataElement]:
    """Names, sequences' own, and what ``profile.IDENTIFIES`` lists."""
    for tag in list(dataset.keys()):
        if tag.group & 1:
            continue
        vr = _vr(dataset.get_item(tag))
        if vr == "SQ":
            for item in dataset[tag].value:
                yield from _elements(item)
        elif vr == "PN" or keyword_for_tag(tag) in profile.IDENTIFIES:
            yield dataset[tag]


def _pattern(texts: set[str]) -> re.Pattern[str] | None:
    """Any of the texts, in any case, also inside a word: too much is better than too little."""
    if not texts:
        return None
    either = "|".join(map(re.escape, sorted(texts, key=len, reverse=True)))
    return re.compile(either, re.IGNORECASE)


def _vr(element: DataElement | RawDataElement, creator: str = "") -> str:
    """The VR to read a value by; UN where nobody knows (PS3.5 6.2.2)."""
    vr = str(element.VR or "UN")
    if vr != "UN" or not isinstance(element, RawDataElement):
        return vr
    try:
        found = (
            private_dictionary_VR(element.tag, creator) if creator else dictionary_VR(element.tag)
        )
    except KeyError:
        return vr
    return found.split(" or ", maxsplit=1)[0]


def _text(element: DataElement) -> str:
    value = element.value
    if value is None:
        return ""
    if isinstance(value, MultiValue | list):
        return "\\".join(map(str, value))
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _never(tag: BaseTag) -> bool:
    """Group lengths, overlays and curves, digital signatures and padding, wherever they stand."""
    group = tag.group
    return (
        tag.element == 0
        or 0x5000 <= group <= 0x50FF
        or 0x6000 <= group <= 0x60FF
        or group in (0x0002, 0x0004, 0xFFFA, 0xFFFC)
    )


def _dummy(tag: BaseTag, vr: str) -> DataElement:
    if vr == "SQ":
        return DataElement(tag, vr, [code(PLACEHOLDER, "99FABRICATOR", "Removed")])
    if vr in vrs.BYTES:
        return DataElement(tag, vr, b"\0\0")
    return DataElement(tag, vr, _DUMMY.get(vr, PLACEHOLDER))
