-- The database of the FHIR server, made when PostgreSQL starts for the first time.
CREATE DATABASE fhir;
