"""MLLP: HL7 v2 messages over TCP, one block each, each acknowledged (HL7 MLLP release 1)."""
