"""What a target is asked for as a search over DICOMweb (QIDO-RS, PS3.18 10.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from scenario_runner.dicom.private_names import as_tags
from scenario_runner.dicom.retrieve_keys import is_raw
from scenario_runner.language.dicom_text import as_key
from scenario_runner.network.dicomweb.search import Search, search

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scenario_runner.api.operations import FindRequest, Remark
    from scenario_runner.network.dicomweb.search import SearchLevel
    from scenario_runner.network.dicomweb.session import Session

_PATIENT: Final = ("PatientID", "IssuerOfPatientID")


def search_of(request: FindRequest, level: SearchLevel) -> Search:
    """The search over DICOMweb that a request at one of its levels is."""
    return Search(
        level=level,
        match=_keys(request.match),
        returned=list(as_tags(dict.fromkeys((*request.usual, *request.returned)))),
        limit=request.limit,
        **_remarks(request),
    )


def patients(session: Session, request: FindRequest) -> list[dict[str, Any]]:
    """QIDO-RS knows no patients (PS3.18 10.6.1): those of the studies that match, each once. Raises as ``search`` does."""
    asked = [*request.match, *request.returned, "PatientID"]
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    query = Search(
        level="study",
        match=_keys(request.match),
        returned=[*request.returned, *_PATIENT],
        **_remarks(request),
    )
    for study in search(session, query):
        whose = tuple(str(study.get(key)) for key in _PATIENT)
        if len(found) == request.limit and whose not in found:
            if query.more is not None:
                query.more()
            break
        patient = {key: value for key, value in study.items() if _of_patient(key, asked)}
        found.setdefault(whose, patient)
    return list(found.values())


def _of_patient(key: str, asked: Sequence[str]) -> bool:
    return key in asked or key.startswith("Patient") or key == "IssuerOfPatientID"


def _telling(request: FindRequest, remark: Remark) -> Callable[[], Any] | None:
    remarked = request.remarked
    return None if remarked is None else lambda: remarked(remark)


def _remarks(request: FindRequest) -> dict[str, Any]:
    """Whom a search tells what it noticed beside the matches."""
    return {
        "more": _telling(request, "more"),
        "unescaped": _telling(request, "not unescaped"),
        "again": _telling(request, "no offset"),
        "cut_off": _telling(request, "cut off"),
        "cut_short": _telling(request, "cut short"),
        "warned": request.warned,
    }


def _keys(match: Mapping[str, Any]) -> dict[str, Any]:
    """Matching keys as a URL has them: days and times as DICOM writes them, raw values as they are."""
    keys = {key: as_key(key, value) for key, value in as_tags(match).items()}
    return {key: value["raw"] if is_raw(value) else value for key, value in keys.items()}
