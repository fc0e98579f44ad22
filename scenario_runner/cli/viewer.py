"""``fabricate viewer``: OHIF for the imaging service, installed, told of, removed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from scenario_runner.amounts import amount
from scenario_runner.cli.options import examples
from scenario_runner.cli.questions import confirmed
from scenario_runner.cli.service_options import data_option
from scenario_runner.cli.verbosity import remark
from scenario_runner.errors import Declined, UsageError
from scenario_runner.temporary import TemporaryFolder
from scenario_runner.web.viewer import package
from scenario_runner.web.viewer.fetching import fetched

_MEGA = 1_000_000


class _InOrder(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """As they were added."""
        return list(self.commands)


@click.group(cls=_InOrder)
def viewer() -> None:
    """The viewer OHIF, for the imaging service: a package of others that is fetched when somebody wants it.

    Without it the service shows studies in a light viewer of its own.
    """


@viewer.command(
    epilog=examples(
        "fabricate viewer install",
        "fabricate viewer install --package ohif-app-3.13.2.tgz --data imaging --yes",
        "fabricate viewer install --npm-registry https://npm.hospital.example",
    )
)
@click.option(
    "--package",
    "source",
    metavar="FILE|FOLDER",
    type=click.Path(exists=True, path_type=Path, allow_dash=False),
    help="The package, as npm pack gives it or unpacked; nothing is fetched then.",
)
@click.option(
    "--npm-registry",
    metavar="URL",
    envvar="FABRICATE_NPM_REGISTRY",
    show_envvar=True,
    help="Registry to fetch it from; without it npm does, as it is set up here.",
)
@data_option
@click.option("--yes", "-y", is_flag=True, help="Fetch without asking.")
def install(source: Path | None, npm_registry: str | None, data: Path, yes: bool) -> int:
    """Install OHIF, so that the service shows studies in it at /viewer.

    What is fetched is one version, known by its SHA-512, and under the MIT licence. A service that runs has it at once.
    """
    from scenario_runner.web.viewer.installed import home_of
    from scenario_runner.web.viewer.installing import install as installed

    whole = f"{package.NAME} {package.VERSION}, licence {package.LICENCE}"
    click.echo(
        f"{whole}: a package of {package.FETCHED // _MEGA} MB, of which {package.KEPT // _MEGA} MB are kept "
        f"in '{home_of(data)}'",
        err=True,
    )
    if not yes and source is None:
        if not sys.stdin.isatty():
            raise UsageError(
                "nobody can be asked whether to fetch it", hint="add --yes, or --package FILE"
            )
        if not confirmed("Fetch it?", default=True):
            raise Declined("nothing was fetched")
    with _package(source, npm_registry) as found:
        done = installed(found, home_of(data))
    files = amount(done.files, "file")
    click.echo(f"OHIF {package.VERSION} is in '{done.folder}': {files}, {done.bytes // _MEGA} MB")
    return 0


@contextmanager
def _package(source: Path | None, registry: str | None) -> Iterator[Path]:
    if source is not None:
        yield source
        return
    with TemporaryFolder() as folder:
        yield fetched(folder, registry, remark)


@viewer.command(
    epilog=examples("fabricate viewer status", "fabricate viewer status --data imaging")
)
@data_option
def status(data: Path) -> int:
    """Say which OHIF is installed; exit code 1 when none is."""
    from scenario_runner.web.viewer.installed import Shelf, home_of

    found = Shelf(home_of(data)).installed()
    if found is None:
        click.echo(f"OHIF is not installed in '{data}': fabricate viewer install")
        return 1
    click.echo(
        f"OHIF {package.VERSION} ({package.LICENCE}) is in '{found.folder}': {amount(len(found), 'file')}"
    )
    return 0


@viewer.command(
    epilog=examples("fabricate viewer remove", "fabricate viewer remove --data imaging")
)
@data_option
def remove(data: Path) -> int:
    """Remove OHIF; the service goes on with the light viewer."""
    from scenario_runner.web.viewer.installed import home_of
    from scenario_runner.web.viewer.installing import removed

    if not removed(home_of(data)):
        click.echo(f"OHIF is not installed in '{data}'")
        return 1
    click.echo(f"OHIF is removed from '{data}'")
    return 0
