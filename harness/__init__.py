"""The engine of trustee-conformance."""
