"""FHIR R4, R4B and R5: a thin client, and what its resources become."""
