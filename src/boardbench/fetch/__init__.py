"""Published data sets, fetched by their user: download, verification, safe unpacking. No rule does it."""
