"""The imaging API below ``/api/v1/dicom``: HTTP in, one call of the service, plain values out."""
