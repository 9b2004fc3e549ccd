import sys
from pathlib import Path

# Benchmarks are scripts beside each other; they import one another by their plain names.
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
