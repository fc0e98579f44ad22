"""Which resources of DICOMweb the service answers itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.pacs.dicomweb.app import delete_study, routes
from scenario_runner.pacs.dicomweb.search import search_instances, search_series, search_studies
from scenario_runner.pacs.dicomweb.storing import store_instances
from scenario_runner.service.homes.target import TargetHome
from scenario_runner.web.dicomweb.elsewhere import deleting, retrieving, searching
from scenario_runner.web.dicomweb.storing import storing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenario_runner.pacs.dicomweb.desk import Handler
    from scenario_runner.service.service import Service


def dicomweb_of(service: Service) -> Mapping[Handler, Handler]:
    """What answers instead of what the embedded PACS would answer by."""
    found: dict[Handler, Handler] = {store_instances: storing(service)}
    home = service.home
    if isinstance(home, TargetHome):
        found |= {handler: retrieving(home, handler) for _, _, _, handler in routes()} | found
        found |= {
            search_studies: searching(home, "STUDY"),
            search_series: searching(home, "SERIES"),
            search_instances: searching(home, "IMAGE"),
            delete_study: deleting(home),
        }
    return found
