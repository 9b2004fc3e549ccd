import sys
from pathlib import Path

# Scripts beside each other, like the benchmarks; their run.py is not the benchmarks', so it is not imported here.
sys.path.append(str(Path(__file__).parents[2] / "trust"))
