"""The ledger of published numbers: what a paper printed, what its evidence gives, what we found, and a verdict."""
