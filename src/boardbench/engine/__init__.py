"""What all studies share: training loop, tracking, complexity."""
