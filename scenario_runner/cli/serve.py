"""``fabricate serve``: the imaging service over HTTP."""

from __future__ import annotations

import logging
import os
import sys
import threading
from pathlib import Path
from typing import Literal

import click

from scenario_runner.cli.announcing import Announcing, ready_file_option
from scenario_runner.cli.listening_options import host_option, port_option
from scenario_runner.cli.long_running import serve_long
from scenario_runner.cli.options import (
    FILE,
    examples,
    index_option,
    open_option,
    served_site_option,
    surroundings,
)
from scenario_runner.cli.questions import opened_address
from scenario_runner.cli.service_options import (
    config_option,
    data_option,
    database_option,
    location,
)
from scenario_runner.cli.signals import on_signal
from scenario_runner.cli.windows import WINDOW, Window, window_program
from scenario_runner.database.location import server_of
from scenario_runner.service.logs import to_stream


@click.command(
    short_help="Serve the imaging service until Ctrl-C.",
    epilog=examples(
        "fabricate serve --open",
        "fabricate serve --own-window",
        "fabricate serve --port 0 --data imaging",
        "fabricate serve --database postgresql://imaging@db/imaging",
        "fabricate serve --index postgresql://imaging@db/studies",
    ),
)
@host_option
@port_option(8080)
@data_option
@database_option
@index_option("in --data")
@served_site_option
@click.option(
    "--pacs",
    metavar="embedded|TARGET",
    default="embedded",
    show_default=True,
    help="Where studies are kept: in --data, or on a target of the site file.",
)
@click.option(
    "--largest-file",
    metavar="BYTES",
    type=click.IntRange(min=1),
    help="Of an upload, and at /upload where its settings do not say.  [default: 100 MiB]",
)
@click.option(
    "--most-files", metavar="N", type=click.IntRange(min=1), help="Of an upload.  [default: 500]"
)
@click.option(
    "--largest-upload",
    metavar="BYTES",
    type=click.IntRange(min=1),
    help="All files together.  [default: 2 GiB]",
)
@click.option(
    "--allow-host",
    "hosts",
    metavar="NAME",
    multiple=True,
    help="Name the service is reached by, besides addresses, localhost and the machine's; * for any.",
)
@click.option(
    "--trusted-proxy",
    "proxies",
    metavar="ADDRESS",
    multiple=True,
    help="Address or network of a proxy whose Forwarded and X-Forwarded-* headers count.",
)
@click.option(
    "--validator",
    "validator",
    type=FILE,
    envvar="FABRICATE_VALIDATOR_CONFIG",
    show_envvar=True,
    help="Settings of the validator at /upload, a file with schema: validator/v1.",
)
@config_option
@ready_file_option
@open_option("the console")
@click.option(
    "--own-window",
    "window",
    is_flag=True,
    help="Show the console in a window of its own; the service ends when that is closed.",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    envvar="FABRICATE_LOG_FORMAT",
    help="Log every request to standard error, as a line for people or as JSON; by default only trouble.",
)
def serve(
    host: str,
    port: int,
    data: Path,
    database: str | None,
    index: str | None,
    site: Path | None,
    pacs: str,
    largest_file: int | None,
    most_files: int | None,
    largest_upload: int | None,
    hosts: tuple[str, ...],
    proxies: tuple[str, ...],
    validator: Path | None,
    config: Path | None,
    ready_file: Path | None,
    open_it: bool,
    window: bool,
    log_format: Literal["text", "json"] | None,
) -> int:
    """Serve the imaging service until Ctrl-C: API at /api/v1, DICOMweb at /dicom-web, validator at /upload, /docs.

    Listens on this machine only, unless --host says otherwise, which takes an administrator to log in.
    """
    from scenario_runner.service.settings import read_settings
    from scenario_runner.service.validator.settings import read_settings as validator_settings
    from scenario_runner.web.serving import ServiceServing, limits_of, serve_imaging

    serving = ServiceServing(
        data=data,
        host=host,
        port=port,
        database=location(data, database),
        index=server_of(index, "--index"),
        site=site,
        pacs=pacs,
        limits=limits_of(file=largest_file, files=most_files, upload=largest_upload),
        hosts=hosts,
        proxies=proxies,
        validator=validator_settings(validator, os.environ).up_to(largest_file),
        settings=read_settings(config, os.environ),
        settings_folder=config.parent if config is not None else data,
        around=surroundings(),
    )
    stop = threading.Event()
    to_stream(
        sys.stderr,
        log_format or "text",
        logging.INFO if log_format is not None else logging.WARNING,
    )
    serve_long()
    program = window_program(sys.platform, os.environ) if window else None

    def end() -> None:
        told.ending(stop)

    with (
        Announcing(ready_file) as told,
        on_signal(end),
        Window(data / WINDOW, program, stop, end) as own,
    ):
        show = own.show if window else opened_address if open_it else None

        def ready(line: str) -> None:
            click.echo(line)
            told.serves()

        return serve_imaging(serving, ready, stop, show)
