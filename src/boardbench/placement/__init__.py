"""Placement: where a chip sits on a photo of its board, learnt from a few photos (paper 4)."""
