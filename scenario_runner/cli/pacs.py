"""``fabricate pacs``: the embedded PACS as a server, and small questions to any PACS."""

from __future__ import annotations

from pathlib import Path

import click

from scenario_runner.cli.clients import echo, query, retrieve, send


@click.group()
def pacs() -> None:
    """Serve the embedded PACS, or talk to any PACS."""


@pacs.command()
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("pacs"),
    show_default=True,
    help="Where studies are kept; made when it is not there.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="N",
    default=11112,
    show_default=True,
    help="Port to listen on; 0 takes a free one and prints it.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--ae-title", metavar="AE", default="EMBEDDED", show_default=True, help="Its AE title."
)
@click.option(
    "--fault",
    "faults",
    metavar="FAULT",
    multiple=True,
    help="Misbehave on purpose: refuse=congestion, answer=A700,share=0.5, hang=3,on=store, lose, …",
)
@click.option(
    "--dicomweb-port",
    type=click.IntRange(0, 65535),
    metavar="N",
    help="Serve DICOMweb too, on this HTTP port; 0 takes a free one and prints it.",
)
@click.option(
    "--dicomweb-token",
    metavar="TOKEN",
    envvar="FABRICATE_DICOMWEB_TOKEN",
    show_envvar=True,
    help="Bearer token that DICOMweb clients have to give.",
)
@click.option(
    "--dicomweb-origin",
    "dicomweb_origins",
    metavar="ORIGIN",
    multiple=True,
    help="Origin of a web page, such as a viewer's, that may read the answers; * for any.",
)
def serve(
    folder: Path,
    port: int,
    host: str,
    ae_title: str,
    faults: tuple[str, ...],
    dicomweb_port: int | None,
    dicomweb_token: str | None,
    dicomweb_origins: tuple[str, ...],
) -> int:
    """Serve the embedded PACS over DICOM until Ctrl-C, and over DICOMweb if asked to.

    Stores, finds and returns studies (C-ECHO, C-STORE, C-FIND, C-GET; STOW-RS, QIDO-RS, WADO-RS). Listens
    on this machine only, unless --host says otherwise. With --fault it is a PACS to test modalities and
    routers against.
    """
    from scenario_runner.app.serve import Serving
    from scenario_runner.app.serve import serve as serve_pacs

    serving = Serving(
        folder=folder,
        ae_title=ae_title,
        host=host,
        port=port,
        faults=faults,
        dicomweb_port=dicomweb_port,
        dicomweb_token=dicomweb_token,
        dicomweb_origins=dicomweb_origins,
    )
    return serve_pacs(serving, ready=click.echo)


for command in (echo, send, query, retrieve):
    pacs.add_command(command)
