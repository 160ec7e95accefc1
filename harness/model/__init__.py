"""Types, rules and the judge: pure, without input or output."""
