"""DICOMweb on the wire (PS3.18): the client, and what a server shares with it.

``media_types`` and ``multipart`` do no I/O and serve both sides; ``client`` is one
exchange over HTTP, and ``store``, ``search`` and ``retrieve`` say STOW-RS, QIDO-RS and WADO-RS in it.
"""
