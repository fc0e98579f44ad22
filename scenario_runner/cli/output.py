"""How errors reach a person: one sentence, a hint, an exit code; never a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from scenario_runner.errors import FabricatorError, InvalidInput

DEFECT = 70


def reported(command: Callable[..., Any]) -> int:
    """Call a click command and return the exit code, whatever happens inside."""
    try:
        result = command(standalone_mode=False, prog_name="fabricate")
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        _show(error)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        echo_error("interrupted")
        return 130
    except InvalidInput as error:
        from scenario_runner.language.rendering import render

        echo_error(render(error.diagnostics, "text"), plain=True)
        return error.exit_code
    except FabricatorError as error:
        echo_error(str(error), hint=error.hint)
        return error.exit_code
    except BrokenPipeError:
        # Whoever read our output has gone (`| head`); there is nobody left to tell.
        sys.stderr.close()
        return 0
    except OSError as error:
        name = f" '{error.filename}'" if error.filename else ""
        echo_error(f"this machine could not do it:{name} {error.strerror or error}")
        return 4
    except Exception as error:  # noqa: BLE001 - the last door before the user
        return _defect(error)
    return result if isinstance(result, int) else 0


def _show(error: click.ClickException) -> None:
    """A mistake on the command line looks like every other error, and says where help is."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is None or isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    message = error.format_message().rstrip(".")
    hint = f"{context.command_path} --help says what there is"
    echo_error(message[:1].lower() + message[1:], hint=hint)


def echo_error(message: str, *, hint: str | None = None, plain: bool = False) -> None:
    """Print to stderr."""
    if plain:
        click.echo(message.rstrip("\n"), err=True)
        return
    click.echo(f"{click.style('error:', fg='red', bold=True)} {message}", err=True)
    if hint:
        click.echo(f"       {hint}", err=True)


def _defect(error: Exception) -> int:
    """A bug of ours: keep the traceback in a file, tell the user where."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="fabricate-defect-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.writelines(traceback.format_exception(error))
    echo_error(
        f"this is a defect of DICOM Fabricator: {type(error).__name__}: {error}",
        hint=f"please report it with {file.name}",
    )
    return DEFECT
