"""The specification: Gherkin, one folder an area, one scenario a requirement."""
