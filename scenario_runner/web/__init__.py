"""The faces of the service over HTTP: the API, DICOMweb, and who may use them."""
