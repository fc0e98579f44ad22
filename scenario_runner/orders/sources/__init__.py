"""Orders as patients of a scenario: the sources ``hl7`` and ``fhir`` of a plan. Here alone orders know the language."""
