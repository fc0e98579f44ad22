"""DICOM on the wire as a client.

``peer`` says who is spoken to; ``echo``, ``store``, ``find`` and ``retrieve`` hold one exchange each,
``bulk`` the machinery of ``store``;
``association`` is the layer below all of them, ``transport`` the socket below that.
"""
