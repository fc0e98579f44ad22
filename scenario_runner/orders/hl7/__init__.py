"""HL7 v2: messages read and written, and the protocol they travel by."""

from scenario_runner.orders.hl7.message import Hl7Error, Message, Segment
from scenario_runner.orders.hl7.paths import Path

__all__ = ["Hl7Error", "Message", "Path", "Segment"]
