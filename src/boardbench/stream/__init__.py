"""A running line-scan camera to component maps, line by line, beside the camera and without torch.

Read in this order: source (where lines come from) -> ring (between the processes) -> spectral_encoder (counts to
channels) -> look (drift) -> windows (geometry) -> worker (the spatial network) -> results -> times; stream joins them.
"""
