"""The verb ``demo``: what a trained model sees on a board, in a minute and without any data."""

import webbrowser
from pathlib import Path

import numpy as np

from boardbench.files import atomic_write
from boardbench.params.segmentation import Simulate

MODEL = Path(__file__).with_name("model.onnx")
SCENE = "board100"
"""A board of no part of the default data set, which ends at board75."""


def demo(*, out: Path = Path("demo"), no_browser: bool = False) -> None:
    """Simulate one board, find its components with a small trained model, and show both.

    Writes to OUT the board's raw capture (raw/), the class map and table that 'boardbench predict' makes (predictions/)
    and demo.png: the board, the truth, the prediction and its errors side by side. The board is simulated, and so were
    those that the model was trained on: no result about real boards.

    Args:
        out: folder for the results.
        no_browser: print where the picture is and open nothing.
    """
    from boardbench.captures.blocks import reflect
    from boardbench.captures.envi import open_cube
    from boardbench.captures.locate import locate
    from boardbench.captures.masks import read_mask
    from boardbench.engine.onnxfile import open_onnx
    from boardbench.segmentation.overlay import overlay
    from boardbench.segmentation.prediction import predict
    from boardbench.segmentation.scores import confusion_matrix, scores
    from boardbench.simulate.captures import simulate

    print("simulating one board: 128 x 128 pixels, 224 bands", flush=True)
    # The seed of params.yaml: the camera that the model knows.
    simulate(out=out / "raw", scene=SCENE, params=Simulate(seed=2, boards=100, conditions=1, lines=128, samples=128))
    folder = out / f"raw/{SCENE}_1"
    print(f"finding its components with {MODEL.name}, a U-Net of width 8 on three learned channels", flush=True)
    predict(captures=[folder], model=MODEL, out=out / "predictions")

    metadata, capture = open_onnx(MODEL).metadata, locate(folder)
    classes, keep = metadata["classes"], metadata["sensor"]["keep"]
    found = np.asarray(open_cube(out / f"predictions/{SCENE}_1/classes.hdr").counts(0, 128)).squeeze()
    truth = read_mask(folder / "mask.png", found.shape, len(classes))
    cube = reflect(cube=capture.cube, **capture.references, keep=keep)
    wavelengths = np.asarray(metadata["sensor"]["wavelengths"])[keep]
    picture = out / "demo.png"
    with atomic_write(picture) as beside:
        overlay(cube, wavelengths, truth, found, classes).save(beside)
    score = scores(confusion_matrix(truth, found, len(classes)))
    by_class = ", ".join(f"{name} {value:.2f}" for name, value in zip(classes, score["iou"], strict=True))
    print(f"mean IoU on this board (simulated): {score['miou']:.2f} ({by_class})")
    print(f"{picture.resolve()}: the board, the truth, the prediction, and its errors")
    if not no_browser:
        webbrowser.open(picture.resolve().as_uri())
    print("Next: 'boardbench new FOLDER' makes a project, 'boardbench run FOLDER' runs the whole study in it.")
