import json

import numpy as np
import pytest
from PIL import Image

from boardbench.segmentation.scores import write_confusions

CLASSES = ["others", "ic", "capacitor", "connectors"]
ROOT_PUBLISHED = {
    "segmentation_scores.csv": "backbone,strategy,metric,others,ic,capacitor,connectors,mean,source\n"
    "unet,pca3,f1,0.95,0.27,0.23,0.05,0.37,paper\nunet,pca3,iou,0.95,0.27,0.23,0.05,0.37,paper\n",
    "segmentation_complexity.csv": "backbone,strategy,gmacs_published,params_millions_published,source\n"
    "unet,full,392.12,31.16,paper\nunet,pca3,342.86,31.30,paper\n",
}

REPORT = {
    "original": {"lines": 32, "samples": 48, "bands": 224},
    "working": {"lines": 64, "samples": 64, "bands": 214},
    "wavelengths": [500.0, 510.04, 520.0, 530.0, 540.06],
    "values": 328704,
    "invalid": 3,
    "saturated": 0,
    "white_saturated": 1,
    "clipped_low": 2,
    "clipped_high": 7,
}


class World:
    """A hand-made results folder: U-Net with full and pca3, seeds 0 and 1, one floor."""

    def __init__(self, root):
        self.root = root
        self.arguments = {
            "dataset": "toy",
            "source": "simulate",
            "classes": CLASSES,
            "backbones": ["unet"],
            "strategies": ["pca3"],
            "seeds": [0, 1],
            "floors": ["majority"],
            "runs": root / "runs",
            "complexity": root / "complexity.csv",
            "split": root / "split.csv",
            "reflectance": root / "reflectance",
            "reduction": root / "reduction",
            "published": root / "published",
            "out": root / "tables",
        }

    def run(self, backbone, strategy, seed, iou, f1, classes=CLASSES, pictures=4):
        folder = self.root / "runs" / f"{backbone}-{strategy}-seed{seed}"
        (folder / "predictions").mkdir(parents=True)
        defined = [value for value in iou if value is not None]
        scores = {"iou": iou, "f1": f1, "precision": f1, "recall": iou, "kappa": 0.5}
        scores["miou"] = sum(defined) / len(defined)
        scores["mf1"] = sum(value for value in f1 if value is not None) / len(defined)
        content = {
            "backbone": backbone,
            "strategy": strategy,
            "seed": seed,
            "classes": classes,
            "scores": scores,
        }
        (folder / "metrics.json").write_text(json.dumps(content))
        # Ten pixels a class in each of two test scenes; the network misses one of the first class in b2.
        right = np.diag([10] * len(classes))
        missed = right.copy()
        missed[0, :2] = 9, 1
        write_confusions(folder / "confusions.csv", {"b2_1": missed, "b3_1": right}, classes)
        (folder / "history.csv").write_text(
            "epoch,train_loss,validation_loss,validation_iou\n1,1.0,1.1,0.2\n2,0.5,0.7,0.4\n3,0.3,0.6,\n"
        )
        for number in range(pictures):
            Image.new("RGB", (40, 10), (number, 0, 0)).save(folder / "predictions" / f"board{number}_1.png")
        return folder

    def fit(self, strategy, ratio, bands=None):
        """Write a fitted reduction of 5 bands: one row of ``ratio`` a capture."""
        n, k = np.shape(ratio)
        picked = np.empty((n, 0), int) if bands is None else np.array(bands)
        np.savez(
            self.root / f"reduction/{strategy}.npz",
            captures=[f"capture{number}" for number in range(n)],
            mean=np.zeros((n, 5)),
            components=np.zeros((n, k, 5)),
            explained_variance_ratio=ratio,
            bands=picked,
            criterion=np.full(n, np.nan if bands is None else 1.25),
        )

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    made.run("unet", "pca3", 0, [0.9, 0.5, 0.1, None], [0.95, 0.6, 0.2, None])
    made.run("unet", "pca3", 1, [0.8, 0.4, 0.2, 0.2], [0.85, 0.5, 0.3, 0.35])
    made.run("majority", "none", 0, [0.92, 0.0, 0.0, 0.0], [0.96, 0.0, 0.0, 0.0])
    made.run("unet", "stale", 0, [1, 1, 1, 1], [1, 1, 1, 1])
    for name, text in ROOT_PUBLISHED.items():
        made.write(f"published/{name}", text)
    made.write(
        "complexity.csv",
        "backbone,strategy,gmacs,gmacs_published_convention,params_millions,gmacs_reduction,gflops,"
        "activations_inference_mib,activations_training_mib\n"
        "unet,full,351.8512,392.1213,31.15911,,700.25,1000.04,5000.06\n"
        "unet,pca3,302.33,342.34,31.03789,0.2630,600.5,660.55,4600.0\n",
    )
    made.write("split.csv", "scene,condition,part\nb1,1,train\nb1,2,train\nb2,1,test\n")
    for name in ("b1_1", "b1_2", "b2_1"):
        made.write(
            f"reflectance/{name}.json",
            json.dumps(REPORT),
        )
    (tmp_path / "reduction").mkdir()
    made.fit("pca3", [[0.9, 0.05, 0.01]])
    return made
