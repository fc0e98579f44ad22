"""What a field of a file may hold, for every room that has models of its own: scalars, types, faults of a PACS.

The language reads files into such models; a room that answers, such as the embedded PACS, reads the same
models and knows no language.
"""
