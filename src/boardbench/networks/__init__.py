"""Networks that more than one study uses, and published weights for them."""
