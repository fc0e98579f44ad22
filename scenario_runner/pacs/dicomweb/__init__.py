"""The embedded PACS over DICOMweb (PS3.18): QIDO-RS, STOW-RS and WADO-RS beside DIMSE.

``server`` listens, ``app`` routes, ``search`` ``storing`` ``retrieving`` ``metadata`` ``frames`` and
``rendering`` answer. All of them work on the archive that DIMSE works on, in a thread a request.
Nothing here is loaded before the HTTP port is asked for.
"""
