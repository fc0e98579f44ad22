"""Real DICOM files in, instances under the scenario's identities out.

``scan`` reads what the files are, ``assign`` decides whose they become, ``deidentify`` rewrites one
data set by the table in ``profile``, and ``importer`` does it for all of them, one at a time.
"""
