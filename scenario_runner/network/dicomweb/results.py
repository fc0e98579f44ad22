"""What a service says about stored instances: the response of STOW-RS (PS3.18 10.5.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from scenario_runner.dicom import json_model, statuses
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.network.dicomweb import xml_model

NO_REASON = 0
"""Stands for a FailureReason that is not there or is none; PS3.18 I.2.2 wants one."""


@dataclass(slots=True)
class StoreResults:
    """Per SOP instance UID: the sequence it stands in says what became of it, the reason only why.

    A reason may be any number; PS3.18 I.2.2 lists those of C-STORE.
    """

    stored: dict[str, int] = field(default_factory=dict)
    """0000, or the WarningReason."""
    failed: dict[str, int] = field(default_factory=dict)
    """The FailureReason, NO_REASON where there is none; of what is named as stored and as failed as well."""
    doubts: dict[str, str] = field(default_factory=dict)
    """What is odd about the item of an instance that is named as stored."""
    classes: dict[str, str] = field(default_factory=dict)
    """The SOP class UID that an instance is named as stored with."""
    urls: dict[str, str] = field(default_factory=dict)
    """Where to retrieve an instance."""
    other: list[int] = field(default_factory=list)
    """FailureReasons without a UID: OtherFailuresSequence, items of FailedSOPSequence that lack it, and one of no item."""

    names_none: bool = False
    """Whether there is a ReferencedSOPSequence, and it is empty."""

    @property
    def said(self) -> bool:
        """Whether the response says anything about any instance."""
        return bool(self.stored or self.failed or self.other)


class NoResultsError(ValueError):
    """There is a body, and it is no DICOM JSON and no DICOM XML."""


def read(body: bytes) -> StoreResults:
    """Results from JSON or XML, told apart by the text itself, for services mislabel it.

    An empty body says nothing, which is allowed. Raises NoResultsError for anything else.
    """
    text = body.removeprefix(b"\xef\xbb\xbf").strip()
    found = StoreResults()
    if not text:
        return found
    try:
        items = [xml_model.loads(text)] if text.startswith(b"<") else json_model.loads(text)
        for item in items:
            _add(found, json_model.values_by_keyword(item))
    except (json_model.JsonModelError, xml_model.XmlModelError) as error:
        raise NoResultsError(str(error)) from error
    return found


def _add(found: StoreResults, values: Mapping[str, Any]) -> None:
    if "ReferencedSOPSequence" in values and not any(_items(values, "ReferencedSOPSequence")):
        found.names_none = True
    for item in _items(values, "ReferencedSOPSequence"):
        uid = item.get("ReferencedSOPInstanceUID")
        if not isinstance(uid, str):
            continue
        # Named twice, with a warning and without: the warning stands.
        warning = _status(item.get("WarningReason"), statuses.SUCCESS)
        found.stored[uid] = warning or found.stored.get(uid, statuses.SUCCESS)
        if doubt := _doubt(item, warning):
            found.doubts[uid] = doubt
        if isinstance(named := item.get("ReferencedSOPClassUID"), str):
            found.classes[uid] = named
        if isinstance(url := item.get("RetrieveURL"), str):
            found.urls[uid] = url[:1000]
    if "FailureReason" in values:
        found.other.append(_status(values["FailureReason"], NO_REASON))
    for sequence in ("FailedSOPSequence", "OtherFailuresSequence"):
        for item in _items(values, sequence):
            named = item.get("ReferencedSOPInstanceUID")
            reason = _status(item.get("FailureReason"), NO_REASON)
            if isinstance(named, str):
                found.failed[named] = reason
            else:
                found.other.append(reason)


def _doubt(item: Mapping[str, Any], warning: int) -> str:
    """What an item of ReferencedSOPSequence says that a success does not have, in words."""
    if reason := item.get("FailureReason"):
        return f"named as stored, with FailureReason {reason}"
    if not warning and (reason := item.get("WarningReason")):
        return f"named as stored, with WarningReason {reason}, which is none"
    return ""


def _items(values: Mapping[str, Any], keyword: str) -> Iterator[Mapping[str, Any]]:
    items = values.get(keyword)
    return (
        (one for one in items if isinstance(one, Mapping)) if isinstance(items, list) else iter(())
    )


def _status(value: Any, otherwise: int) -> int:
    """A reason; of several, which there should not be, the first."""
    value = value[0] if isinstance(value, list) else value
    usable = isinstance(value, int) and 0 < value <= 0xFFFF
    return value if usable else otherwise
