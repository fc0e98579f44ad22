"""All pages, in the order of the navigation and of the dashboard's panels."""

from __future__ import annotations

from typing import Final

from scenario_runner.web.console.page import Page
from scenario_runner.web.console.pages import (
    audit,
    dashboard,
    deletions,
    generate,
    orders,
    pacs,
    patients,
    query,
    runs,
    scenarios,
    send,
    settings,
    studies,
    uploads,
    users,
)

PAGES: Final[tuple[Page, ...]] = (
    dashboard.PAGE,
    generate.PAGE,
    studies.PAGE,
    uploads.PAGE,
    patients.PAGE,
    send.PAGE,
    query.PAGE,
    orders.PAGE,
    pacs.PAGE,
    scenarios.PAGE,
    runs.PAGE,
    deletions.PAGE,
    users.PAGE,
    audit.PAGE,
    settings.PAGE,
)
