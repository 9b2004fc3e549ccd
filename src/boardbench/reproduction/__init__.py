"""Published numbers: what a paper printed, what its evidence gives, what we found, and the verdict."""
