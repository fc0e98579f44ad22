"""Runs, schedules and scenarios over HTTP."""
