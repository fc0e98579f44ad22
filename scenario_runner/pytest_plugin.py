"""The pytest plugin: scenario files are collected, each case is a test (``pytest scenarios/``).

A failure is shown as ``fabricate run`` shows it. Cases can be spread by pytest-xdist; each is a run of its own, with its
evidence below ``runs/``. Nothing is loaded or collected unless it is asked for: by the option, by the configuration, or by
naming a scenario, or a folder that holds no tests in Python. Scenarios that lie beside tests are mostly their material.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import redirect_stdout
from fnmatch import fnmatch
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.app.folder import new_run_id
from scenario_runner.errors import FabricatorError, InvalidInput
from scenario_runner.language.document_kinds import RUN_LOG, SCENARIO, kind_of
from scenario_runner.language.rendering import render

if TYPE_CHECKING:
    from scenario_runner.app.run import RunResult

_ASKED = pytest.StashKey[list[Path]]()
"""The arguments that ask for scenarios by what they are."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the command line and of the configuration file."""
    group = parser.getgroup("fabricate", "DICOM Fabricator")
    group.addoption(
        "--fabricate", action="store_true", help="Collect scenario files that lie among tests, too."
    )
    group.addoption(
        "--fabricate-site", metavar="SITE", help="The site of all scenarios: a file or a name."
    )
    group.addoption(
        "--fabricate-out", metavar="DIR", help="Where the run folders are made; by default runs/."
    )
    parser.addini(
        "fabricate", "Collect scenario files (as --fabricate).", type="bool", default=False
    )
    parser.addini("fabricate_site", "As --fabricate-site.", default="")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Run folders hold copies of what was run; they may come to be while another process collects."""
    if not _is_on(config, collection_path):
        return None
    return (
        True if collection_path == runs_of(config) or (collection_path / RUN_LOG).exists() else None
    )


def _is_on(config: pytest.Config, path: Path) -> bool:
    """Whether scenarios at a path are collected."""
    if config.getoption("fabricate") or config.getini("fabricate"):
        return True
    if _ASKED not in config.stash:
        config.stash[_ASKED] = _asking(config)
    return any(path.is_relative_to(asked) for asked in config.stash[_ASKED])


def _asking(config: pytest.Config) -> list[Path]:
    """The files among the arguments, and the folders that hold no tests in Python."""
    if config.args_source is pytest.Config.ArgsSource.INVOCATION_DIR:
        return []  # nobody named the folder that pytest was started in
    patterns = ["conftest.py", *config.getini("python_files")]
    given = {config.invocation_params.dir / each.partition("::")[0] for each in config.args}
    return [
        each
        for each in map(Path.absolute, given)
        if each.is_file() or (each.is_dir() and not _holds_any(each, patterns))
    ]


def _holds_any(folder: Path, patterns: list[str]) -> bool:
    """Whether a file anywhere below has a name of these."""
    return any(
        fnmatch(name, pattern)
        for _, _, names in os.walk(folder)
        for name in names
        for pattern in patterns
    )


def runs_of(config: pytest.Config) -> Path:
    """Where the run folders are made."""
    given = config.getoption("fabricate_out")
    return config.rootpath / "runs" if given is None else Path(given).absolute()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ScenarioFile | None:
    """A YAML file that says it is a scenario, where collecting them is on."""
    if not _is_on(parent.config, file_path):
        return None
    if file_path.suffix not in (".yaml", ".yml") or kind_of(file_path) != SCENARIO:
        return None
    return ScenarioFile.from_parent(parent, path=file_path)


class ScenarioFile(pytest.File):
    """One scenario file; what is wrong with it is an error of its collection."""

    def collect(self) -> Iterator[ScenarioCase]:
        """One item for each case there would be now; of cases that are a load, one for all of them."""
        from scenario_runner.app.python import plan

        for job in plan(self.path, site=site_of(self.config), environ=os.environ, seed=1).jobs:
            if job.load is not None and not job.judges:
                continue
            tags = job.scenario.header.tags
            item = ScenarioCase.from_parent(self, name=job.case.id)
            item.user_properties.append(("tags", " ".join(tags)))
            yield item

    def repr_failure(  # type: ignore[override] # as pytest's own collectors have it
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> Any:
        """Diagnostics in our own words."""
        return in_words(excinfo.value) or super().repr_failure(excinfo)


class ScenarioCase(pytest.Item):
    """One case of a scenario."""

    def runtest(self) -> None:
        """Run the case; its evidence stays in the run folder."""
        from scenario_runner.app.python import run
        from scenario_runner.cli.console import Console

        shown = StringIO()
        with redirect_stdout(shown), Console() as console:
            result = run(
                self.path,
                site=site_of(self.config),
                environ=os.environ,
                cases=[self.name],
                out=runs_of(self.config) / new_run_id(dt.datetime.now(dt.UTC)),
                handlers=[console],
            )
            console.summary(result.folder)
        if result.outcome == "interrupted":
            raise KeyboardInterrupt  # the run has ended in its order; now pytest may
        if result.outcome == "skipped":
            pytest.skip("no step ran")
        if result.exit_code:
            raise CaseFailed(result, shown.getvalue())

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What the command shows."""
        if isinstance(excinfo.value, CaseFailed):
            return excinfo.value.shown.rstrip()
        return in_words(excinfo.value) or super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it stands, for reports."""
        return self.path, None, self.name


class CaseFailed(Exception):
    """A case did not pass. shown: what the command would have printed."""

    def __init__(self, result: RunResult, shown: str) -> None:
        super().__init__(result.outcome)
        self.result, self.shown = result, shown


def site_of(config: pytest.Config) -> str | None:
    """The site of all scenarios, where one is named."""
    return config.getoption("fabricate_site") or config.getini("fabricate_site") or None


def in_words(error: BaseException) -> str | None:
    """An error of ours as the command tells it; None for one of somebody else."""
    if isinstance(error, InvalidInput):
        return render(error.diagnostics).rstrip()
    if isinstance(error, FabricatorError):
        return f"{error}\n{error.hint}" if error.hint else str(error)
    return None
