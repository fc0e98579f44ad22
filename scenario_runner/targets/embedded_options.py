"""From what a site file or a command line says of the embedded PACS to what it does."""

from __future__ import annotations

import datetime as dt
from collections import ChainMap
from typing import TYPE_CHECKING, Any

from pydicom.datadict import dictionary_VR

from scenario_runner.archive.options import ArchiveOptions
from scenario_runner.dicom import vrs
from scenario_runner.dicom.dictionary import tag_for_keyword, uid_of
from scenario_runner.dicom.levels import UIDS
from scenario_runner.dicom.syntaxes import transfer_syntax_uid
from scenario_runner.errors import UsageError
from scenario_runner.pacs.options import Destination, PacsOptions, WebOptions
from scenario_runner.ul.tls import Tls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
    from pathlib import Path

    from scenario_runner.language.site_model import Hl7Rules
    from scenario_runner.language.site_services import EmbeddedService, EmbeddedWeb, ServerTls
    from scenario_runner.orders.hl7.mapping import Line

Place = tuple[str | int, ...]
"""Keys and indexes from ``embedded`` down."""

_IDENTITY = ("SOPClassUID", *UIDS)
_COERCIBLE = vrs.TEXT - {"UI", "UR"}
"""Value representations whose values are text."""


def pacs_options(
    service: EmbeddedService,
    folder: Path,
    *,
    destinations: MutableMapping[str, Destination] | None = None,
    neighbours: Mapping[str, Destination] | None = None,
) -> PacsOptions:
    """The options of a PACS that behaves as ``service`` says; who has it puts in what comes from around it.

    folder: what relative paths start from. destinations: further ones; a live mapping, which wins.
    neighbours: those that are known unless the service says otherwise of an AE title.
    Raises UsageError for a SOP class, transfer syntax or attribute that does not exist.
    """
    table = {title: Destination(one.host, one.port) for title, one in service.destinations.items()}
    known: list[Any] = [destinations if destinations is not None else {}, table]
    if neighbours is not None:
        known.append(neighbours)
    return PacsOptions(
        check_called_ae_title=service.check_called_ae_title,
        calling_ae_titles=_set(service.calling_ae_titles),
        users=service.users,
        tls=_tls(service.tls, folder),
        web=_web(service.dicomweb),
        destinations=ChainMap(*known),
        sop_classes=_uids(service.sop_classes, _sop_class),
        transfer_syntaxes=_uids(service.transfer_syntaxes, _transfer_syntax),
        archive=ArchiveOptions(duplicates=service.duplicates),
        coerce={_coercible(keyword): value for keyword, value in service.coerce.items()},
        commitment=service.commitment,
        worklist=None if service.worklist == "plan" else folder / service.worklist,
        hl7_port=service.hl7_port or 0,
        hl7_synced=service.hl7_synced,
        relational_queries=service.relational_queries,
        faults=service.faults,
    )


def hl7_mapping(rules: Hl7Rules | None, zone: dt.tzinfo | None) -> Sequence[Line]:
    """The site's own mapping; nothing where it has none. Raises UsageError."""
    if zone is None and (rules is None or not rules.model_fields_set):
        return ()
    from scenario_runner.orders.hl7.mapping import of_site

    try:
        return of_site(rules, zone)
    except ValueError as error:
        raise UsageError(str(error), hint="see identifiers.hl7 of the site file") from None


def _set(values: Sequence[str] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(values)


def _tls(given: ServerTls | None, folder: Path) -> Tls | None:
    if given is None:
        return None
    return Tls(
        certificate=folder / given.certificate,
        key=folder / given.key,
        ca=None if given.ca is None else folder / given.ca,
    )


def _web(given: EmbeddedWeb | None) -> WebOptions:
    if given is None:
        return WebOptions()
    return WebOptions(
        port=given.port,
        token=given.token,
        allow_origins=tuple(given.allow_origins),
        allow_hosts=tuple(given.allow_hosts),
        trusted_proxies=tuple(given.trusted_proxies),
        delete=given.delete,
    )


def unknown_names(service: EmbeddedService) -> Iterator[tuple[Place, str, str | None]]:
    """What ``pacs_options`` would not take: where it stands below ``embedded``, message and hint."""
    checks: list[tuple[Place, str, Callable[[str], str]]] = [
        *((("sop_classes", n), one, _sop_class) for n, one in enumerate(service.sop_classes or ())),
        *(
            (("transfer_syntaxes", n), one, _transfer_syntax)
            for n, one in enumerate(service.transfer_syntaxes or ())
        ),
        *((("coerce", keyword), keyword, _coercible) for keyword in service.coerce),
    ]
    for place, given, resolve in checks:
        try:
            resolve(given)
        except UsageError as error:
            yield place, error.message, error.hint


def _uids(given: Sequence[str] | None, resolve: Callable[[str], str]) -> frozenset[str] | None:
    return None if given is None else frozenset(map(resolve, given))


def _sop_class(given: str) -> str:
    return _uid(given, "a keyword such as CTImageStorage")


def _transfer_syntax(given: str) -> str:
    return transfer_syntax_uid(given) or _uid(given, "a name such as explicit-le")


def _uid(given: str, example: str) -> str:
    """A UID as it is, or the one that a keyword stands for. Raises UsageError."""
    uid = uid_of(given)
    if uid is None:
        raise UsageError(
            f"the embedded PACS does not know '{given}'", hint=f"write a UID, or {example}"
        )
    return uid


def _coercible(keyword: str) -> str:
    """An attribute that may be coerced. Raises UsageError for one that tells objects apart."""
    tag = tag_for_keyword(keyword)
    if tag is None or keyword in _IDENTITY or dictionary_VR(tag)[:2] not in _COERCIBLE:
        raise UsageError(
            f"the embedded PACS cannot coerce '{keyword}'",
            hint="give attributes of text, such as PatientID; UIDs stay as they are",
        )
    return keyword
