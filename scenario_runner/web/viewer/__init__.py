"""Viewers in the browser: OHIF where somebody has installed it, and a light one of our own."""
