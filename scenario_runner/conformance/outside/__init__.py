"""Validators of other makers, run as programs where they are installed."""
