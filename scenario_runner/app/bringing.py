"""Studies of a PACS taken in by the service, as an upload of whoever asked for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from scenario_runner.amounts import some
from scenario_runner.api import Deadline, Target
from scenario_runner.app.files_fetched import Fetched, FetchRequest, fetch
from scenario_runner.archive.pieces import pieces_of
from scenario_runner.dicom.levels import can_name_an_instance
from scenario_runner.errors import TargetError
from scenario_runner.service.errors import Unacceptable
from scenario_runner.service.uploads.uploading import RETRIEVED, Uploading, run
from scenario_runner.temporary import TemporaryFolder

if TYPE_CHECKING:
    from scenario_runner.service.asking import Asking
    from scenario_runner.service.service import Service
    from scenario_runner.service.uploads.outcome import UploadOutcome


def bring(
    service: Service,
    asking: Asking,
    target: Target,
    study_uid: str,
    deadline: Deadline,
    *,
    via: Literal["c-get", "c-move", "wado"] | None = None,
) -> UploadOutcome:
    """Retrieve a study whole, and take it in; what comes only in part is not taken in.

    Raises Unacceptable for what is no UID, TargetError when the PACS does not give all it has, and what an upload
    raises.
    """
    if not can_name_an_instance(study_uid):
        raise Unacceptable("no-uid", f"'{study_uid[:80]}' is no Study Instance UID")
    with TemporaryFolder() as scratch:
        request = FetchRequest(
            level="study",
            match={"StudyInstanceUID": study_uid},
            folder=scratch / "study",
            via=via,
        )
        fetched = fetch(target, request, deadline)
        if not fetched.complete:
            raise TargetError(
                _what_is_missing(fetched), target=target.name, hint="nothing was kept"
            )
        uploading = Uploading(service, asking, RETRIEVED, None)

        def take(one: Uploading) -> None:
            for path, _ in fetched.files:
                one.take(path.name, pieces_of(path))

        return run(uploading, take)


def _what_is_missing(fetched: Fetched) -> str:
    if not fetched.files:
        return "nothing came of this study"
    if fetched.foreign:
        return f"what came was not asked for: {some(fetched.foreign)}"
    if fetched.repeated:
        return f"some of it came more than once: {some(fetched.repeated)}"
    if fetched.missing:
        return f"by C-FIND it has more than came: {some(fetched.missing)}"
    told = sum(result.completed + result.warning + result.failed for result in fetched.results)
    return f"{len(fetched.files)} of {told} instances came"
