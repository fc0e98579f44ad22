"""Orders of a hospital: what HL7 v2 and FHIR say of a study before it exists."""
