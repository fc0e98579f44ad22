"""How long the language server takes from a change of a file to its findings, over standard input and output.

    python benchmarks/lsp.py [--changes 60]

A scenario of the library of ``benchmarks/library.py``, beside 499 others and 20 step lists; the median counts.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from lsprotocol import types
from pygls.lsp.client import LanguageClient

sys.path.insert(0, str(Path(__file__).parent))
from library import write


async def measured(folder: Path, changes: int) -> list[float]:
    """Seconds of each change."""
    client = LanguageClient("benchmark", "1")
    told: asyncio.Queue[types.PublishDiagnosticsParams] = asyncio.Queue()

    @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)  # type: ignore[untyped-decorator]
    def keep(params: types.PublishDiagnosticsParams) -> None:
        told.put_nowait(params)

    await client.start_io(sys.executable, "-m", "scenario_runner", "lsp", cwd=folder)
    await client.initialize_async(types.InitializeParams(types.ClientCapabilities()))
    client.initialized(types.InitializedParams())
    file = folder / "s007.yaml"
    text = file.read_text()
    item = types.TextDocumentItem(file.as_uri(), "yaml", 0, text)
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    await told.get()
    found = []
    for version in range(1, changes + 1):
        changed = text.replace("title: One", f"title: {version} one")
        began = time.perf_counter()
        client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(version, file.as_uri()),
                [types.TextDocumentContentChangeWholeDocument(changed)],
            )
        )
        await told.get()
        found.append(time.perf_counter() - began)
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()  # type: ignore[no-untyped-call]
    return found


def main() -> None:
    """Write the library, change one file, print the median."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=60)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), 500, 20)
        found = asyncio.run(measured(Path(name), asked.changes))
    median, worst = statistics.median(found), max(found)
    print(f"change to findings: median {median * 1e3:.0f} ms, worst {worst * 1e3:.0f} ms")


if __name__ == "__main__":
    main()
