"""Training: same seed same bytes, a killed run ends with the same numbers, mistakes are named."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from boardbench.errors import BoardbenchError
from boardbench.files import write_json
from boardbench.params.segmentation import Augmentation, Training
from boardbench.segmentation.augmentation import augmentation
from boardbench.segmentation.dataset import Cubes, PlannedSamples
from boardbench.segmentation.evaluation import evaluate, predict
from boardbench.segmentation.model import load
from boardbench.segmentation.training import batch_statistics, class_weights, train

CLASSES = ["others", "part"]


@pytest.fixture(autouse=True)
def _settings_of_the_process():
    """Training sets them for the whole process; other tests count and compare without them."""
    yield
    torch.set_flush_denormal(False)
    torch.use_deterministic_algorithms(False)


BANDS = 5


def make_data(root: Path, epochs: int = 4) -> dict:
    """Write two training, one validation and one test capture of 16 x 16: the part is bright in band 2."""
    reflectance = root / "reflectance"
    reflectance.mkdir(parents=True)
    rng = np.random.default_rng(0)
    rows = []
    for scene, part in (("a", "train"), ("b", "train"), ("c", "validation"), ("d", "test")):
        mask = np.zeros((16, 16), np.uint8)
        line, sample = rng.integers(0, 10, 2)
        mask[line : line + 6, sample : sample + 6] = 1
        cube = rng.uniform(0.2, 0.4, (BANDS, 16, 16))
        cube[2] += 0.4 * mask
        np.save(reflectance / f"{scene}_1.npy", cube.astype(np.float16))
        Image.fromarray(mask).save(reflectance / f"{scene}_1.png")
        size = {"lines": 16, "samples": 16}
        metadata = {
            "wavelengths": None,
            "kind": "raw",
            "sensor": {"wavelengths": None, "keep": list(range(2, 2 + BANDS)), "panel": 1.0},
            "resize": "bilinear",
            "original": size | {"bands": BANDS + 2},
            "working": size | {"bands": BANDS},
            "values": 16 * 16 * BANDS,
            **dict.fromkeys(("invalid", "saturated", "clipped_low", "clipped_high"), 0),
            "outside_board": None,
            "sha256": scene,
        }
        write_json(reflectance / f"{scene}_1.json", metadata)
        rows.append((scene, 1, part))
    split = root / "split.csv"
    pd.DataFrame(rows, columns=["scene", "condition", "part"]).to_csv(split, index=False)
    plan = root / "augmentation.csv"
    augmentation(split=split, reflectance=reflectance, out=plan, epochs=epochs, params=Augmentation())
    return {"split": split, "reflectance": reflectance, "augmentation": plan}


def start(data: dict, out: Path, strategy: str = "scrb", backbone: str = "unet", **changes) -> None:
    knobs = {"width": 1, "epochs": 4, "batch_size": 2, "class_weights": "none"} | changes
    train(
        backbone=backbone,
        strategy=strategy,
        seed=0,
        dataset="toy",
        classes=CLASSES,
        out=out,
        params=Training(**knobs),
        **data,
    )


def bytes_of(out: Path) -> list[bytes]:
    return [(out / name).read_bytes() for name in ("model.pt", "history.csv")]


def test_the_same_seed_gives_the_same_bytes_and_a_scored_run(tmp_path):
    data = make_data(tmp_path)
    for name in ("one", "two"):
        start(data, tmp_path / name)
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")
    assert not (tmp_path / "one/checkpoints").exists()

    history = pd.read_csv(tmp_path / "one/history.csv")
    assert history["epoch"].tolist() == [0, 1, 2, 3]
    assert list(history)[1:] == ["train_loss", "validation_iou", "validation_loss"]

    evaluate(split=data["split"], reflectance=data["reflectance"], out=tmp_path / "one")
    confusion = pd.read_csv(tmp_path / "one/confusion.csv", index_col="truth")
    assert confusion.to_numpy().sum() == 256
    assert (tmp_path / "one/predictions/d_1.png").is_file()
    model = load(tmp_path / "one")
    assert (model.classes, model.size, model.sensor.keep) == (CLASSES, None, [2, 3, 4, 5, 6])
    assert model.network(torch.zeros(1, BANDS, 16, 16)).shape == (1, 2, 16, 16)


JOB = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from boardbench.engine import training
from boardbench.engine.history import History
from test_training import start
shown = History.start_epoch
def slowly(self, epoch):
    if epoch == 2:
        print("two epochs done", flush=True)
        time.sleep(600)
    shown(self, epoch)
History.start_epoch = slowly
root = Path(sys.argv[2])
data = {"split": root / "split.csv", "reflectance": root / "reflectance", "augmentation": root / "augmentation.csv"}
start(data, root / "killed")
"""


def test_a_killed_run_resumes_and_ends_with_the_same_numbers(tmp_path, capsys):
    data = make_data(tmp_path)
    start(data, tmp_path / "whole")
    command = [sys.executable, "-c", JOB, str(Path(__file__).parent), str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.startswith("two epochs done"):
            break
    time.sleep(0.2)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "killed/model.pt").exists()

    capsys.readouterr()
    start(data, tmp_path / "killed")
    printed = capsys.readouterr().out
    assert "resuming" in printed
    assert "epoch 1/4" not in printed
    assert bytes_of(tmp_path / "killed") == bytes_of(tmp_path / "whole")


def test_a_plan_shorter_than_the_epochs_is_refused(tmp_path):
    data = make_data(tmp_path, epochs=2)
    with pytest.raises(BoardbenchError, match=r"augmentation\.csv: no sample for epoch 2.*--epochs"):
        start(data, tmp_path / "run")


def test_a_class_absent_from_training_is_refused(tmp_path):
    data = make_data(tmp_path)
    for name in ("a_1", "b_1"):
        Image.fromarray(np.zeros((16, 16), np.uint8)).save(data["reflectance"] / f"{name}.png")
    with pytest.raises(BoardbenchError, match=r"split\.csv: no training pixel of class 'part'"):
        start(data, tmp_path / "run")


def test_captures_of_differing_sizes_are_refused_with_the_remedy(tmp_path):
    data = make_data(tmp_path)
    np.save(data["reflectance"] / "b_1.npy", np.zeros((BANDS, 20, 20), np.float16))
    Image.fromarray(np.ones((20, 20), np.uint8)).save(data["reflectance"] / "b_1.png")
    with pytest.raises(BoardbenchError, match=r"different sizes.*segmentation\.reflectance\.size"):
        start(data, tmp_path / "run")


def test_a_diverging_run_says_so(tmp_path):
    data = make_data(tmp_path)
    with pytest.raises(BoardbenchError, match=r"diverged in epoch \d.*learning_rate"):
        start(data, tmp_path / "run", learning_rate=4e9, schedule="constant")


def test_early_stopping_keeps_the_best_epoch(tmp_path):
    data = make_data(tmp_path, epochs=30)
    start(data, tmp_path / "run", epochs=30, patience=2, keep="best", learning_rate=0.5, schedule="constant")
    history = pd.read_csv(tmp_path / "run/history.csv")
    best = history["validation_loss"].idxmin()
    assert len(history) == best + 3
    assert json.loads((tmp_path / "run/training.json").read_text())["kept_epoch"] == best


def test_median_frequency_weights_by_hand():
    assert class_weights(np.array([80, 10, 10]), "median_frequency").tolist() == [0.125, 1.0, 1.0]
    assert class_weights(np.array([80, 10]), "none").tolist() == [1.0, 1.0]
    assert class_weights(np.array([80, 10]), [0.1, 0.9]).tolist() == [0.1, 0.9]


def test_fixed_copies_are_seen_in_every_epoch(tmp_path):
    data = make_data(tmp_path)
    plan = data.pop("augmentation")
    augmentation(**data, out=plan, epochs=4, params=Augmentation(plan="none"))
    samples = PlannedSamples(Cubes(data["reflectance"], None, None), plan)
    assert samples.rows_of(0) == samples.rows_of(3) == [0, 1]
    cube, mask = samples[0]
    assert cube.shape == (BANDS, 16, 16)
    assert mask.dtype == torch.int64


def test_the_validation_statistics_by_hand_leaves_ignored_pixels_out():
    logits = torch.tensor([[2.0, 0.0, 0.0, 0.0], [0.0, 1.0, 1.0, 1.0]]).reshape(1, 2, 2, 2)  # predicts 0 1 1 1
    targets = torch.tensor([[[0, 0], [1, 255]]])
    assert batch_statistics(logits, targets).tolist() == [[1, 1], [0, 1]]


def test_captures_with_ignored_pixels_train(tmp_path):
    data = make_data(tmp_path)
    for name in ("a_1", "b_1", "c_1"):
        path = data["reflectance"] / f"{name}.png"
        mask = np.array(Image.open(path))
        mask[15] = 255
        Image.fromarray(mask).save(path)
    start(data, tmp_path / "run")
    assert pd.read_csv(tmp_path / "run/history.csv")["train_loss"].notna().all()


@pytest.fixture
def patched(tmp_path):
    """The toy data with captures of 24 x 20 and a plan of 16-pixel patches; some patches have no label at all."""
    data = make_data(tmp_path)
    for path in sorted(data["reflectance"].glob("*.npy")):
        cube, mask = np.load(path), np.array(Image.open(path.with_suffix(".png")))
        np.save(path, np.pad(cube, ((0, 0), (0, 8), (0, 4))))
        Image.fromarray(np.pad(mask, ((0, 8), (0, 4)), constant_values=255)).save(path.with_suffix(".png"))
    plan = {"split": data["split"], "reflectance": data["reflectance"], "out": data["augmentation"]}
    augmentation(**plan, epochs=4, patch=16, params=Augmentation(plan="none"))
    return data


def test_patches_train_and_padding_is_left_out_of_the_scores(patched, tmp_path):
    out = tmp_path / "unet-scrb-seed0"
    start(patched, out, patch=16, width=2, epochs=4)
    assert np.isfinite(pd.read_csv(out / "history.csv")["validation_loss"]).all()
    evaluate(split=patched["split"], reflectance=patched["reflectance"], out=out)
    assert pd.read_csv(out / "confusion.csv", index_col=0).to_numpy().sum() == 16 * 16  # the labelled pixels


def test_a_run_of_version_0_1_is_still_scored(tmp_path):
    data, out = make_data(tmp_path, epochs=1), tmp_path / "run"
    start(data, out, epochs=1)
    told = json.loads((out / "training.json").read_text())
    del told["normalization"]
    former = {"kept_epoch": "best_epoch", "settings": "training", "fingerprint": "identity"}
    write_json(out / "training.json", {former.get(name, name): value for name, value in told.items()})
    evaluate(split=data["split"], reflectance=data["reflectance"], out=out)
    metrics = json.loads((out / "metrics.json").read_text())
    assert (metrics["normalization"], metrics["kept_epoch"]) == ("none", 0)


def test_a_patch_is_predicted_as_if_it_stood_alone(patched, tmp_path):
    out = tmp_path / "unet-scrb-seed0"
    start(patched, out, patch=16, epochs=1)
    network = load(out).network
    (_, prediction), *_ = predict(network, Cubes(patched["reflectance"], None, None), ["d_1"], patch=16)
    assert prediction.shape == (24, 20)
    corner = torch.zeros(1, BANDS, 16, 16)
    corner[..., :8, :4] = torch.from_numpy(np.load(patched["reflectance"] / "d_1.npy")[:, 16:, 16:].astype(np.float32))
    with torch.inference_mode():
        alone = network(corner)[0].argmax(dim=0)[:8, :4]
    np.testing.assert_array_equal(prediction[16:, 16:], alone)


def test_a_plan_of_another_form_is_refused(patched, tmp_path):
    with pytest.raises(BoardbenchError, match=r"augmentation\.csv: .*of patches.*training\.patch is null.*--patch"):
        start(patched, tmp_path / "unet-scrb-seed0")


def test_a_pretrained_backbone_starts_from_its_weights_and_says_so(tmp_path, monkeypatch):
    from boardbench.segmentation.backbones import lite0_unet

    def load_weights(network, *_):
        torch.nn.init.constant_(network.features[3].filter[0].weight, 0.25)
        return "abc"

    monkeypatch.setattr(lite0_unet, "load_weights", load_weights)
    data = make_data(tmp_path / "data", epochs=1)
    for backbone, told in {"lite0_unet@imagenet": ("imagenet", "abc"), "lite0_unet@64": (None, None)}.items():
        out = tmp_path / backbone
        start(data, out, backbone=backbone, epochs=1, learning_rate=1e-9)
        written = json.loads((out / "training.json").read_text())
        assert (written.get("weights"), written.get("weights_sha256")) == told
        model = load(out)
        taken = model.network.backbone.encoder[1][1].filter[0].weight
        assert model.width == 64 and torch.allclose(taken, torch.tensor(0.25), atol=1e-4) == (told[0] is not None)
