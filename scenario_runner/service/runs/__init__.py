"""Runs that belong to the server: queued, each a process of its own, found again by whoever serves next."""
