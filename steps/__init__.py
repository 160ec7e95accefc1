"""Step definitions: one line of intent each, grouped by stage."""
