"""Runs the steps of every case in order and says what happens as events.

Knows no step by name and no reporter by name.
"""
