"""Classification: what the efficiency techniques gain on images that everybody knows (papers 2, 3 and 5)."""
