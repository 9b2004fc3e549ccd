"""boardbench: machine vision on circuit boards that anyone can reproduce, cost and deploy."""
