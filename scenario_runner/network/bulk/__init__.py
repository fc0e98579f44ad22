"""Sending many instances: one association used to the full, or several at once."""
