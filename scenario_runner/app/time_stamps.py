"""Asking a time stamp authority over HTTP (RFC 3161 3.4)."""

from __future__ import annotations

from collections.abc import Callable

import httpx2

from scenario_runner.errors import MachineError, UsageError
from scenario_runner.evidence.signing.stamps import LARGEST, QUERY, REPLY
from scenario_runner.ul.tls import Tls

_PATIENCE = 30.0
"""Seconds for an answer."""


def authority(url: str) -> Callable[[bytes], bytes]:
    """What sends a request to the authority and gives its answer. Raises UsageError for what is no HTTP address.

    The answer raises MachineError when it does not come, or is none.
    """
    if not url.startswith(("http://", "https://")):
        raise UsageError(
            f"'{url}' is no address of a time stamp authority", hint="http:// or https://"
        )

    def ask(request: bytes) -> bytes:
        try:
            with (
                httpx2.Client(
                    timeout=_PATIENCE, verify=Tls().context(), follow_redirects=False
                ) as client,
                client.stream(
                    "POST", url, content=request, headers={"Content-Type": QUERY}
                ) as response,
            ):
                said = response.headers.get("Content-Type", "").partition(";")[0].strip()
                if response.status_code != httpx2.codes.OK or said != REPLY:
                    raise MachineError(
                        f"'{url}' is no time stamp authority: it answered {response.status_code} {said}".rstrip()
                    )
                answer = b""
                for part in response.iter_bytes():
                    answer += part
                    if len(answer) > LARGEST:
                        raise MachineError(f"the answer of '{url}' has no end")
                return answer
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise MachineError(
                f"no time stamp from '{url}': {str(error) or type(error).__name__}",
                hint="nothing was signed; --timestamp can be left out",
            ) from error

    return ask
