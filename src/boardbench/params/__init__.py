"""Every knob of the pipeline as closed, typed models, one module a study.

``params.yaml`` shows all of them with their defaults; presets are overlays on it. A key that is not here is refused
with the nearest right one. The same field names are the flags of the command line. Nothing is imported here, so that a
step depends on the knobs of its own study only.
"""
