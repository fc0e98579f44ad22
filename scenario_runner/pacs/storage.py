"""C-ECHO and C-STORE answered (PS3.7 9.1.5, PS3.4 B)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from scenario_runner.archive.description import MismatchError
from scenario_runner.archive.outcomes import DuplicateError
from scenario_runner.dicom import statuses
from scenario_runner.dicom.elements import DamagedDatasetError
from scenario_runner.errors import MachineError
from scenario_runner.pacs.coercion import coerce
from scenario_runner.pacs.desk import Desk, comment
from scenario_runner.ul.commands import Element

if TYPE_CHECKING:
    from scenario_runner.pacs.association import Served
    from scenario_runner.ul.messages import Message

LOGGER = logging.getLogger(__name__)


def answer_echo(desk: Desk, association: Served, message: Message) -> None:  # noqa: ARG001
    """C-ECHO: success."""
    association.respond(message, statuses.SUCCESS)


def answer_store(desk: Desk, association: Served, message: Message) -> None:
    """Keep the instance as it came; success is said when it is safe (PS3.4 B.2.3)."""
    syntax = association.contexts[message.context_id].transfer_syntax or ""
    if desk.misbehaviour.loses():
        association.respond(message, statuses.SUCCESS)
        return
    try:
        data, coerced = message.data or [], list[str]()
        with desk.merged.storing():
            values = {**desk.merged.values_for(data, syntax), **desk.options.coerce}
            if values:
                data, coerced = coerce(data, syntax, values)
            stored = desk.archive.store(
                message.sop_class_uid,
                message.sop_instance_uid,
                syntax,
                desk.misbehaviour.stored(data, syntax),
                source_ae_title=association.calling_ae_title,
            )
    except DuplicateError as error:
        status, problem = statuses.DUPLICATE_SOP_INSTANCE, comment(error)
    except MismatchError as error:
        status, problem = statuses.DATA_SET_DOES_NOT_MATCH, comment(error)
    except DamagedDatasetError as error:
        status, problem = statuses.CANNOT_UNDERSTAND, comment(error)
    except MachineError as error:
        status, problem = statuses.OUT_OF_RESOURCES, comment(error)
    else:
        if stored.missing:
            LOGGER.warning("%s is stored, but %s", stored.sop_instance_uid, stored.missing)
            status, problem = statuses.DOES_NOT_MATCH_ITS_CLASS, comment(stored.missing)
        elif coerced:
            status, problem = statuses.COERCION, comment(f"coerced: {', '.join(coerced)}")
        else:
            association.respond(message, statuses.SUCCESS)
            return
    association.respond(message, status, {Element.ERROR_COMMENT: problem})
