"""The words that an editor offers: of the Standard, of plugins, of the site, of libraries; each with what it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import get_args

from scenario_runner.answers import StatusWord
from scenario_runner.dicom.body_parts import BODY_PARTS
from scenario_runner.dicom.characters.terms import TERMS
from scenario_runner.dicom.dictionary import entry_of, keywords, uid_keyword
from scenario_runner.dicom.sop_classes import storage_classes
from scenario_runner.dicom.syntaxes import TRANSFER_SYNTAXES
from scenario_runner.plugins import Plugins


def words_of(what: str, plugins: Plugins) -> Mapping[str, str]:
    """The words of a kind that belong to no file; none of a kind that nobody knows."""
    given = _GIVEN.get(what)
    return {} if given is None else given(plugins)


@lru_cache(maxsize=1)
def _attributes() -> dict[str, str]:
    """Keywords of PS3.6 with tag, VR and VM."""
    found = {}
    for keyword in sorted(keywords()):
        known = entry_of(keyword)
        if known is not None and not known[1].retired:
            tag, entry = known
            found[keyword] = f"({tag >> 16:04X},{tag & 0xFFFF:04X}) {entry.vr} {entry.vm}"
    return found


@lru_cache(maxsize=1)
def _locales() -> dict[str, str]:
    from scenario_runner.planning.demographics import locales  # Faker takes its time

    return dict.fromkeys(locales(), "")


def _modalities(plugins: Plugins) -> dict[str, str]:
    """Without those that are of a SOP class besides the usual one, which the key ``sop_class`` chooses."""
    builders = sorted(plugins.named("fabricate_iod_builders"))
    return dict.fromkeys((one for one in builders if " " not in one), "")


def _phantoms(plugins: Plugins) -> dict[str, str]:
    return dict.fromkeys(sorted(plugins.named("fabricate_phantoms")), "phantom")


def _faults(plugins: Plugins) -> dict[str, str]:
    faults = plugins.named("fabricate_faults")
    return {name: faults[name].facts.summary for name in faults}


@lru_cache(maxsize=1)
def _views() -> dict[str, str]:
    from scenario_runner.imaging.modules.anatomy import VIEW_CODES  # which brings NumPy

    return {view: meaning for view, (_, meaning) in VIEW_CODES.items()}


def _made_sop_classes(plugins: Plugins) -> dict[str, str]:
    """Those that a series can be made as, with its modality."""
    return {
        uid_keyword(uid): builder.defaults.modality
        for builder in plugins.named("fabricate_iod_builders").values()
        for uid in builder.defaults.sop_class_uids
    }


_GIVEN: Mapping[str, Callable[[Plugins], Mapping[str, str]]] = {
    "attribute": lambda _: _attributes(),
    "body_part": lambda _: {term: part.meaning for term, part in BODY_PARTS.items()},
    "character_set": lambda _: dict.fromkeys(TERMS, ""),
    "fault": _faults,
    "locale": lambda _: _locales(),
    "made_sop_class": _made_sop_classes,
    "modality": _modalities,
    "phantom": _phantoms,
    "sop_class": lambda _: {uid_keyword(uid): uid for uid in storage_classes()},
    "source": lambda plugins: dict.fromkeys(
        plugins.named("fabricate_sources"), "a source of patients"
    ),
    "status": lambda _: dict.fromkeys(get_args(StatusWord), "a class of statuses"),
    "transfer_syntax": lambda _: dict(TRANSFER_SYNTAXES),
    "view": lambda _: _views(),
    "validator": lambda plugins: dict.fromkeys(plugins.named("fabricate_validators"), "validator"),
}
