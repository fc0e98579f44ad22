"""What a site file says of an embedded PACS and cannot be: found before one is started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.errors import Diagnostic, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.language.document import Document
    from scenario_runner.language.site import LoadedSite


def require_embedded(site: LoadedSite) -> LoadedSite:
    """The same site. Raises InvalidInput for SOP classes, transfer syntaxes and coercions there are not."""
    if site.document is not None and (found := list(_problems(site, site.document))):
        raise InvalidInput(found)
    return site


def _problems(site: LoadedSite, document: Document) -> Iterator[Diagnostic]:
    for name, target in site.site.targets.items():
        embedded = target.embedded
        if embedded is None or not (
            embedded.sop_classes or embedded.transfer_syntaxes or embedded.coerce
        ):
            continue
        # Only such a site needs the Standard's dictionaries, which take their time to load.
        from scenario_runner.targets.embedded_options import unknown_names

        for path, message, hint in unknown_names(embedded):
            where = document.where(("targets", name, "embedded", *path), key=path[0] == "coerce")
            yield Diagnostic("FAB118", where, message, hint)
