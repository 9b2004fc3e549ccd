"""Hold a run against the reference."""
