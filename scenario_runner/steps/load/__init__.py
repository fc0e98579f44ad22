"""A step's work spread over time by ``load``: who does it, when, and what is counted."""
