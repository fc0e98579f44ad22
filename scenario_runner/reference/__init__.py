"""The pages of ``docs/reference/`` that are generated from the models, so that they cannot drift.

``python -m scenario_runner.reference`` writes them again; a test compares. The room stands on the
roof: it looks at the schemas, the plugins, the record and the command line, and nobody imports it.
"""
