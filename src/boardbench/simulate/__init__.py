"""Embedded data: a physical model of boards under a Specim FX10 (simulated, not a result)."""
