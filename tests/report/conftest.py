import json

import numpy as np
import pytest
from PIL import Image

from boardbench.params.placement import Tolerance
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
    "kind": "raw",
    "sensor": {},
    "resize": "bilinear",
    "values": 328704,
    "invalid": 3,
    "saturated": 0,
    "white_saturated": 1,
    "white_left_out": 4,
    "dark_left_out": 5,
    "clipped_low": 2,
    "clipped_high": 7,
}


class World:
    """A hand-made results folder: U-Net with full and pca3, seeds 0 and 1, one baseline."""

    def __init__(self, root):
        self.root = root
        self.arguments = {
            "dataset": "toy",
            "source": "simulate",
            "classes": CLASSES,
            "backbones": ["unet"],
            "strategies": ["pca3"],
            "seeds": [0, 1],
            "baselines": ["majority"],
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
            "dataset": "toy",
            "backbone": backbone,
            "strategy": strategy,
            "seed": seed,
            "epochs": 2,
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


TOLERANCE = {"offset_mm": 0.3, "rotation_deg": 2.0}
# The centre's error in px of (validation, test, displaced).
ERRORS = {
    ("random", "rectangle", 0): (0.10, 0.40, 1.0),
    ("random", "rectangle", 1): (0.12, 0.42, 3.0),
    ("random", "corners", 0): (0.20, 0.50, 1.0),
    ("random", "corners", 1): (0.22, 0.52, 3.5),
    ("mean", "none", 0): (3.0, 3.5, 4.0),
    ("template", "none", 0): (0.30, 0.20, 0.5),
}


class Boards:
    """A hand-made placement data set: 12 images in four parts, networks with and without the term, two baselines."""

    NOMINAL = np.array([[6, 8], [18, 8], [6, 16], [18, 16]], float)
    PARTS = ("train", "validation", "test", "displaced")

    def __init__(self, root):
        self.root = root
        self.members = {
            "dataset": "toy-photos",
            "init": ["random"],
            "losses": ["rectangle", "corners"],
            "seeds": [0, 1],
            "baselines": ["mean", "template"],
            "runs": root / "runs",
            "samples": root / "samples.csv",
        }
        self.arguments = self.members | {
            "source": "simulate",
            "complexity": root / "complexity.csv",
            "latency": root / "latency.csv",
            "tolerance": Tolerance(**TOLERANCE),
            "out": root / "tables",
        }
        self.rows = [(3 * at + i, part) for at, part in enumerate(self.PARTS) for i in range(3)]
        self.photos = {"train": ["p1", "p2"], "validation": ["p1", "p2"], "test": ["p3"], "displaced": ["d1"]}
        self.samples()
        for key, errors in ERRORS.items():
            self.run(*key, errors)
        self.write("complexity.csv", self.COMPLEXITY)
        self.write("latency.csv", self.LATENCY)

    @property
    def thrice(self):
        """The arguments with a third seed, whose errors are the means of the other two: a verdict takes three."""
        for loss in self.members["losses"]:
            pairs = zip(*(ERRORS["random", loss, seed] for seed in (0, 1)), strict=True)
            self.run("random", loss, 2, tuple(sum(pair) / 2 for pair in pairs))
        return self.arguments | {"seeds": [0, 1, 2]}

    COMPLEXITY = (
        "network,width,lines,samples,gmacs,gflops,params_millions,params_millions_head,activations_inference_mib,"
        "activations_training_mib\n"
        "ours,0.35,16,24,0.0123,0.0250,0.4512,0.0500,1.5000,9.0000\n"
        "paper,1,256,256,0.4105,0.8300,2.6012,0.3000,20.0000,90.0000\n"
    )
    LATENCY = (
        "model,precision,lines,samples,threads,n,p50_ms,p99_ms,limit_ms,hardware\n"
        "random-rectangle-seed0,float32,64,96,1,30,2.500,3.125,0.750,a machine\n"
        "template,,16,24,1,30,40.000,45.000,,a machine\n"
    )

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def samples(self, **metadata):
        """Write samples.csv, samples.json and images.npy; every chip lies at its nominal place."""
        columns = "c1x,c1y,c2x,c2y,c3x,c3y,c4x,c4y"
        true = ",".join(str(value) for value in self.NOMINAL.ravel())
        lines = [f"{at},{part},{self.photos[part][0]},0,0,0,{true}" for at, part in self.rows]
        head = f"sample,part,photo,shift_x_mm,shift_y_mm,rotation_deg,{columns}"
        self.write("samples.csv", "\n".join([head, *lines]) + "\n")
        content = {
            "size": [16, 24],
            "photo_size": [64, 96],
            "mm_per_pixel": [0.4, 0.4],
            "nominal": self.NOMINAL.tolist(),
            "photos": self.photos,
            "sha256": "0",
            "converted": {},
            "synthesis": {"images": 360, "test_images": 120},
        }
        self.write("samples.json", json.dumps(content | metadata))
        images = np.zeros((len(self.rows), 16, 24, 3), np.uint8)
        images[:, 8:16, 6:18] = 90
        np.save(self.root / "images.npy", images)

    SPREAD = np.array([-0.06, 0, 0.06])  # of a network's three images around their error; a baseline has none
    TURN = np.array([[0, -0.08], [0, 0], [0, 0], [0, 0.08]])  # of c1 and c4: atan(0.16 / 24) = 0.382 degrees

    def scores(self, error, spread, **changes):
        """Return what a run's metrics.json says of a part whose centres lie ``error`` px to the right in the mean."""
        return {
            "samples": 3,
            "centre_mae_px": error / 2,
            "centre_mae_mm": 0.2 * error,
            "centre_mean_mm": 0.4 * error,
            "centre_worst_mm": 0.4 * (error + spread.max()),
            "corner_mae_px": [error / 2 + 0.04, error / 2, error / 2, error / 2 + 0.04],
            "rotation_mae_deg": 0.38197,
            "rotation_worst_deg": 0.38197,
            "bad": 1,
            "false_accepts": 0,
            "false_rejects": 1,
            "false_accept_rate": 0.0,
            "false_reject_rate": 0.5,
            "auc": 0.75,
        } | changes

    def run(self, init, loss, seed, errors, dataset="toy-photos", **changes):
        """Write a run folder; ``errors`` are the centre's, in px to the right, of validation, test and displaced."""
        folder = f"runs/{init}-{loss}-seed{seed}"
        parts = dict(zip(self.PARTS[1:], errors, strict=False))
        content = {"study": "placement", "dataset": dataset, "init": init, "loss": loss, "seed": seed}
        content |= {"tolerance": TOLERANCE}
        spread = self.SPREAD * (loss != "none")
        content["parts"] = {part: self.scores(error, spread, **changes) for part, error in parts.items()}
        self.write(f"{folder}/metrics.json", json.dumps(content))
        lines = ["sample,part,photo,c1x,c1y,c2x,c2y,c3x,c3y,c4x,c4y"]
        for at, part in self.rows:
            if part in parts:
                found = (self.NOMINAL + self.TURN + [parts[part] + spread[at % 3], 0]).ravel()
                lines.append(f"{at},{part},p,{','.join(f'{value:.4f}' for value in found)}")
        self.write(f"{folder}/predictions.csv", "\n".join(lines) + "\n")
        curves = [f"{threshold},{x},{y},{part}" for part in parts for threshold, x, y in (("", 0, 0.5), (1.5, 1, 1))]
        rows = ["threshold,false_reject_rate,true_reject_rate,part", *curves]
        self.write(f"{folder}/roc.csv", "\n".join(rows) + "\n")
        if loss != "none":
            history = "epoch,train_loss,validation_loss,validation_centre\n"
            history += "1,0.9,1.0,9.0\n2,0.2,0.3,2.0\n3,0.05,0.1,0.5\n4,0.04,0.1,0.4\n"
            self.write(f"{folder}/history.csv", history)
            settings = {
                "epochs": 60,
                "batch_size": 32,
                "width": 0.35,
                "learning_rate": 0.002,
                "rectangle_weight": 0.001,
            }
            told = {"dataset": dataset, "init": init, "loss": loss, "seed": seed, "data": "0", "fingerprint": "0"}
            told |= {"epochs": 4, "kept_epoch": 3, "parameters": 9, "weights": None, "settings": settings}
            self.write(f"{folder}/training.json", json.dumps(told))


@pytest.fixture
def boards(tmp_path):
    return Boards(tmp_path / "boards")


CIFAR10_CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
BASELINE_RUNS = {
    "knn-l1-standardize": {1: range(8), 3: range(10)},
    "knn-l2-standardize": {1: range(9), 3: range(2, 10)},
    "knn-cosine-standardize": {1: range(8, 18), 3: range(8, 18)},
    "nearest_centroid-l2-standardize": {None: range(14)},
}
NETWORK_RUNS = {("good", 0): range(1), ("good", 1): range(2), ("weak", 0): range(17), ("weak", 1): range(17)}


class Images:
    """A hand-made classification data set: ten classes, 20 training and 20 test images, baselines and networks.

    Training images are samples 0 to 19, test images 20 to 39; test image i has label i % 10. A run is wrong at the
    test images of its list, where it predicts the next class.
    """

    def __init__(self, root):
        self.root = root
        self.wrong = BASELINE_RUNS
        self.members = {
            "dataset": "toy-digits",
            "samples": root / "samples.csv",
            "baselines": list(BASELINE_RUNS),
            "names": ["good", "weak"],
            "seeds": [0],
            "runs": root / "runs",
        }
        self.arguments = self.members | {"source": "digits", "published": root / "published", "out": root / "tables"}
        self.samples()
        for folder, wrong in BASELINE_RUNS.items():
            self.baseline(folder, wrong)
        for (name, seed), wrong in NETWORK_RUNS.items():
            self.network(name, seed, wrong)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def samples(self, kind="digits", size=(8, 8, 1), classes=None, **source):
        """Write samples.csv, samples.json and images.npy."""
        self.labels = [at % 10 for at in range(20)]
        rows = [f"{at},{'train' if at < 20 else 'test'},{at % 10}" for at in range(40)]
        self.write("samples.csv", "\n".join(["sample,part,label", *rows]) + "\n")
        metadata = {
            "classes": classes or [str(digit) for digit in range(10)],
            "size": list(size),
            "parts": {"train": 20, "test": 20},
            "sha256": "0",
            "source": {"kind": kind, "seed": 0, "encoding": "by hand"} | source,
        }
        self.write("samples.json", json.dumps(metadata))
        generator = np.random.default_rng(0)
        np.save(self.root / "images.npy", generator.integers(0, 256, (40, *size), dtype=np.uint8))

    def cifar10(self, kind="parquet", encoding="JPEG, which changes pixels", **source):
        """Make the same data CIFAR-10 by name and size, from parquet files of JPEG images."""
        self.samples(kind, (32, 32, 3), CIFAR10_CLASSES, encoding=encoding, **source)

    def predictions(self, folder, columns, images):
        """Write predictions.csv: columns -> wrong images, over the first ``images`` of the test part."""
        lines = [",".join(["sample", "label", *columns])]
        for at in range(images):
            found = [(self.labels[at] + (at in wrong)) % 10 for wrong in columns.values()]
            lines.append(",".join(map(str, [20 + at, self.labels[at], *found])))
        self.write(f"runs/{folder}/predictions.csv", "\n".join(lines) + "\n")

    def scores(self, wrong, images):
        """Return what a run says of itself: accuracy and confusion by its wrong images, the rest made up."""
        confusion = np.zeros((10, 10), int)
        for at in range(images):
            confusion[self.labels[at], (self.labels[at] + (at in wrong)) % 10] += 1
        accuracy = 1 - len(wrong) / images
        made = {"accuracy": accuracy, "low": accuracy - 0.125, "high": accuracy + 0.0625, "precision": 0.5}
        return made | {"recall": accuracy, "f_score": 0.25, "confusion": confusion.tolist()}

    def baseline(self, folder, wrong, images=20, dataset="toy-digits", **changes):
        """Write a baseline's run: k -> wrong test images."""
        method, distance, normalization = folder.split("-", 2)
        content = {"study": "classification", "kind": "baseline", "dataset": dataset, "method": method}
        content |= {"distance": distance, "normalization": normalization, "train_images": 20, "test_images": images}
        content["scores"] = [{"k": k, **self.scores(each, images)} for k, each in wrong.items()]
        self.write(f"runs/{folder}/metrics.json", json.dumps(content | changes))
        columns = {"predicted" if k is None else f"k{k}": each for k, each in wrong.items()}
        self.predictions(folder, columns, images)
        self.write(
            f"runs/{folder}/seconds.json",
            json.dumps({"seconds": 2.5, "images_per_s": 8.0, "threads": 2, "hardware": "a machine"}),
        )

    def network(self, name, seed, wrong, dataset="toy-digits", folds=(), changes=None, **settings):
        """Write a network's run; further arguments are settings of it."""
        folder = f"{name}-seed{seed}"
        given = {
            "network": "fc3",
            "pool": False,
            "dropout": 0.0,
            "initialization": "he",
            "normalization": "standardize",
        }
        given |= {"optimizer": "adam", "learning_rate": 0.001, "schedule": "cosine", "epochs": 30, "batch_size": 64}
        given |= {"folds": None} | settings
        content = {"study": "classification", "kind": "numpy_network", "dataset": dataset, "name": name, "seed": seed}
        content |= {"network": given["network"], "settings": given, "parameters": 725_000, "macs": 724_352}
        content |= {"epochs": 2, "best_epoch": 2, "train_images": 18, "validation_images": 2, "test_images": 20}
        content |= {"scores": self.scores(wrong, 20)}
        content["folds"] = [{"fold": at, "accuracy": value} for at, value in enumerate(folds, 1)]
        self.write(f"runs/{folder}/metrics.json", json.dumps(content | (changes or {})))
        self.predictions(folder, {"predicted": wrong}, 20)
        history = "epoch,learning_rate,train_loss,train_accuracy,validation_loss,validation_accuracy,fold\n"
        rows = "".join(f"1,0.001,9.0,0.1,,,{at}\n" for at in range(1, len(folds) + 1))
        history += rows + "1,0.001,2.0,0.3,2.1,0.25,\n2,0.001,1.0,0.6,1.4,0.5,\n"
        self.write(f"runs/{folder}/history.csv", history)
        self.write(
            f"runs/{folder}/seconds.json",
            json.dumps(
                {
                    "seconds": 30.0,
                    "seconds_per_epoch": 15.0,
                    "images_per_s": 1.2,
                    "threads": 1,
                    "hardware": "a machine",
                }
            ),
        )


@pytest.fixture
def images(tmp_path):
    return Images(tmp_path / "images")
