"""Drift: is what a camera sees still what a model was trained on? NumPy only, no torch.

Read in this order: profile (what training spectra are like) -> references (likewise white and dark) -> watch (lines as
they come, and the verdict) -> fit (the verb that measures both on the training part) -> trial (what is noticed).
"""
