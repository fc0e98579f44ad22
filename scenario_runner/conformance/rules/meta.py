"""File Meta Information (PS3.10 7.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.conformance.elements import number_of
from scenario_runner.conformance.rules.base import Problem
from scenario_runner.dicom.dictionary import may_be_newer, registered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.conformance.dicom_file import DicomFile

_REQUIRED = (
    "FileMetaInformationGroupLength",
    "FileMetaInformationVersion",
    "MediaStorageSOPClassUID",
    "MediaStorageSOPInstanceUID",
    "TransferSyntaxUID",
    "ImplementationClassUID",
)


def required(file: DicomFile) -> Iterator[Problem]:
    """Each Type 1 attribute is there and has a value."""
    for keyword in _REQUIRED:
        element = file.meta.get(keyword)
        if element is None or element.empty:
            yield Problem(keyword, "is missing from the file meta information")


def group_length(file: DicomFile) -> Iterator[Problem]:
    """The group length is the number of bytes that follow in the group."""
    element = file.meta.get("FileMetaInformationGroupLength")
    declared = number_of(element) if element else None
    if declared is not None and file.readable and declared != file.meta_length:
        yield Problem(
            "FileMetaInformationGroupLength", f"is {declared}; {file.meta_length} bytes follow"
        )


def known_transfer_syntax(file: DicomFile) -> Iterator[Problem]:
    """The transfer syntax is one of the Standard's."""
    uid = file.meta.text("TransferSyntaxUID")
    kind = registered(uid).kind
    if not uid or kind == "Transfer Syntax" or may_be_newer(uid):
        return  # one that the registry here does not have is told by the rule for those
    yield Problem("TransferSyntaxUID", f"'{uid}' is no transfer syntax of the Standard")


def newer_uids(file: DicomFile) -> Iterator[Problem]:
    """Class and transfer syntax are known here, where only the Standard can have named them."""
    for keyword, uid in (
        ("TransferSyntaxUID", file.meta.text("TransferSyntaxUID")),
        ("SOPClassUID", file.sop_class),
    ):
        if may_be_newer(uid):
            message = f"'{uid}' is the Standard's, and newer than the registry known here, or none"
            yield Problem(keyword, message)


def same_class(file: DicomFile) -> Iterator[Problem]:
    """MediaStorageSOPClassUID is the data set's SOPClassUID."""
    yield from _same(file, "MediaStorageSOPClassUID", "SOPClassUID")


def same_instance(file: DicomFile) -> Iterator[Problem]:
    """MediaStorageSOPInstanceUID is the data set's SOPInstanceUID."""
    yield from _same(file, "MediaStorageSOPInstanceUID", "SOPInstanceUID")


def _same(file: DicomFile, meta: str, data: str) -> Iterator[Problem]:
    one, other = file.meta.text(meta), file.data.text(data)
    if one and other and one != other:
        yield Problem(meta, f"is '{one}', but {data} is '{other}'")
