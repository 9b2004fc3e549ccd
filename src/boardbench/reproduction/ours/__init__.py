"""Our own published tables, one file a study, as the reproduction sees them."""
