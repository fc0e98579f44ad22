"""What an association held is given back when it is over, not when somebody looks for cycles."""

from __future__ import annotations

import gc
import weakref

from scenario_runner.deadline import Deadline
from scenario_runner.dicom.sop_classes import VERIFICATION
from scenario_runner.dicom.syntaxes import IMPLICIT_LE
from scenario_runner.pacs.server import EmbeddedPacs
from scenario_runner.ul.association import Association
from scenario_runner.ul.contexts import Proposal
from scenario_runner.ul.peer import Peer


def test_an_association_that_is_over_holds_nothing(pacs: EmbeddedPacs) -> None:
    peer = Peer(host="127.0.0.1", port=pacs.port, ae_title="EMBEDDED")
    gc.disable()
    try:
        association = Association.open(
            peer,
            [Proposal(abstract_syntax=VERIFICATION, transfer_syntaxes=(IMPLICIT_LE,))],
            Deadline(20),
        )
        gone = weakref.ref(association)
        association.release()
        del association
        assert gone() is None
    finally:
        gc.enable()
