"""People and programs that may use the service, and how they prove who they are."""
