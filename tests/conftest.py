"""What holds for all tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from tests.peers.processes import hide_scripts_of_this_environment

# Machines differ: a property test is never hurried.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

hide_scripts_of_this_environment()
