"""Hand-made runs of networks in PyTorch beside the baselines and networks of the ``images`` fixture."""

import json

import pytest

SETTINGS = {
    "network": "resnet18",
    "width": 1.0,
    "stem": "cifar",
    "reduction": 16,
    "settings": None,
    "classes": None,
    "weights": None,
    "checksum": None,
    "unfrozen": None,
    "optimizer": "sgd",
    "learning_rate": 0.1,
    "schedule": "constant",
    "label_smoothing": 0.1,
    "epochs": 30,
    "batch_size": 128,
    "validation": 0.1,
}
STAGES = [[1, 16, 1, 1], [6, 24, 2, 2]]
COSTS = "name,pruning,seed,network,parameters,parameters_nonzero,gmacs,gmacs_effective,bytes,bytes_compressed"
TIMES = "name,pruning,seed,network,runtime,batch,threads,n,p50_ms,p99_ms,images_per_s,hardware"
EPOCHS = (
    "network,stem,device,images,batch_size,threads,steps,seconds_per_epoch,hardware\n"
    "resnet18,imagenet,cpu,50000,64,2,20,99.500,a machine\n"
    "resnet18,imagenet,cuda,50000,64,2,,,not run: no CUDA device\n"
)


class Torch:
    """Networks in PyTorch: plain and plain-se twice, a parent of six classes, a child of four and its rival.

    A run is wrong at the first test images of its classes, as many as it is given.
    """

    def __init__(self, images):
        self.images, self.costs, self.times = images, [COSTS], [TIMES]
        for seed, (plain, se) in enumerate(((4, 1), (6, 3))):
            self.network("plain", seed, plain)
            self.network("plain-se", seed, se, network="se_resnet18")
            self.network("parent", seed, 3, network="mobilenet_v2", settings=STAGES, classes=range(6))
            self.network("four", seed, 4 - seed, network="mobilenet_v2", settings=STAGES, classes=range(6, 10))
            parent = {"source": "parent", "classes": self.names(range(6))}
            self.network(
                "child",
                seed,
                seed,
                network="mobilenet_v2",
                settings=STAGES,
                classes=range(6, 10),
                parent=parent,
                weights="parent",
                unfrozen=2,
            )
        self.pruned("half", "plain", 0, 5, "structured", 0.5)
        self.pruned("half", "plain", 1, 6, "structured", 0.5)
        self.pruned("zeros", "plain", 0, 4, "unstructured", 0.9)
        images.write("epochs.csv", EPOCHS)
        self.numbers()

    def names(self, labels):
        classes = json.loads((self.images.root / "samples.json").read_text())["classes"]
        return [classes[label] for label in labels]

    def numbers(self):
        """Write complexity.csv and latency.csv."""
        self.images.write("complexity.csv", "\n".join(self.costs) + "\n")
        self.images.write("latency.csv", "\n".join(self.times) + "\n")

    def cost(self, name, pruning, seed, network, share=1.0, nonzero=1.0):
        stored, macs = round(11_170_000 * share), 0.5 * share
        numbers = (stored, round(stored * nonzero), macs, macs * nonzero, 4 * stored, round(3.6 * stored * nonzero))
        self.costs.append(",".join(map(str, (name, pruning, seed, network, *numbers))))
        for runtime, factor in (("torch", 2), ("onnxruntime", 1)):
            for batch in (1, 128):
                ms = 10 * share * factor * batch
                row = (name, pruning, seed, network, runtime, batch, 1, 20, ms, 1.5 * ms, 1e3 * batch / ms, "a machine")
                self.times.append(",".join(map(str, row)))

    def network(self, name, seed, wrong, classes=range(10), parent=None, changes=None, folder=None, **settings):
        """Write a run; further arguments are settings of it."""
        names = self.names(classes)
        given = SETTINGS | {"classes": names if len(names) < 10 else None} | settings
        self._run(folder or f"runs/{name}-seed{seed}", name, seed, wrong, list(classes), given, parent, changes or {})
        if folder is None:
            self.cost(name, "", seed, given["network"])

    def _run(self, folder, name, seed, wrong, classes, settings, parent, changes):
        at = [image for image in range(20) if self.images.labels[image] in classes]
        predicted = {}
        for place, image in enumerate(at):
            label = classes.index(self.images.labels[image])
            predicted[image] = classes[(label + (place < wrong)) % len(classes)]
        confusion = [[0] * len(classes) for _ in classes]
        for image, label in predicted.items():
            confusion[classes.index(self.images.labels[image])][classes.index(label)] += 1
        accuracy = 1 - wrong / len(at)
        scores = {"accuracy": accuracy, "low": accuracy - 0.1, "high": min(1, accuracy + 0.1), "precision": 0.5}
        scores |= {"recall": accuracy, "f_score": 0.25, "confusion": confusion}
        content = {"study": "classification", "kind": "network", "dataset": "toy-digits", "name": name, "seed": seed}
        content |= {"network": settings["network"], "settings": settings, "classes": self.names(classes)}
        content |= {"parameters": 11_170_000, "trained_parameters": 11_170_000, "epochs": 2, "kept_epoch": 2}
        content |= {"train_images": 18, "validation_images": 2, "test_images": len(at), "parent": parent}
        content |= {"scores": scores} | changes
        self.images.write(f"{folder}/metrics.json", json.dumps(content))
        rows = [f"{20 + image},{self.images.labels[image]},{label}" for image, label in predicted.items()]
        self.images.write(f"{folder}/predictions.csv", "\n".join(["sample,label,predicted", *rows]) + "\n")
        history = (
            "epoch,train_loss,validation_loss,validation_accuracy,learning_rate\n1,2.0,2.1,0.3,0.1\n2,1.0,1.4,0.5,0.1\n"
        )
        self.images.write(f"{folder}/history.csv", history)
        seconds = {"seconds": 30.0, "seconds_per_epoch": 15.0, "images_per_s": 1.2, "threads": 1}
        self.images.write(f"{folder}/seconds.json", json.dumps(seconds | {"hardware": "a machine", "device": "cpu"}))

    def pruned(self, pruning, name, seed, wrong, method, ratio, **settings):
        metadata = {"name": pruning, "method": method, "ratio": ratio, "ratios": [], "parameters_before": 11_170_000}
        metadata |= {"parameters": 11_170_000, "macs": 1, "macs_before": 1}
        changes = {"kind": "pruned", "pruning": metadata}
        self.network(name, seed, wrong, folder=f"pruned/{pruning}/{name}-seed{seed}", changes=changes, **settings)
        share, nonzero = (1 - ratio, 1.0) if method == "structured" else (1.0, 1 - ratio)
        self.cost(name, pruning, seed, SETTINGS["network"], share, nonzero)

    @property
    def members(self):
        root = self.images.root
        names = ("plain", "plain-se", "parent", "four", "child")
        return {
            "networks": [f"{name}-seed{seed}" for name in names for seed in (0, 1)],
            "pruned": ["half/plain-seed0", "half/plain-seed1", "zeros/plain-seed0"],
            "pruned_runs": root / "pruned",
        }

    @property
    def arguments(self):
        root = self.images.root
        tables = {"complexity": root / "complexity.csv", "latency": root / "latency.csv", "epochs": root / "epochs.csv"}
        return self.images.arguments | self.members | tables


@pytest.fixture
def networks(images):
    """The hand-made images with networks in PyTorch."""
    return Torch(images)
