"""A run that many processes or machines carry out: ``--on``."""
