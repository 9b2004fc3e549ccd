"""A run folder: scores from one confusion matrix, pictures, and its run in MLflow."""

import json
import shutil

import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.utils.validation import _validate_metric_name
from PIL import Image

from boardbench.errors import BoardbenchError
from boardbench.integrity import record_of
from boardbench.segmentation.evaluation import metric_words, sync, write_run
from boardbench.segmentation.model import load

CLASSES = ["others", "ic", "unseen"]


@pytest.fixture
def scored(world, tmp_path):
    """One 4 x 4 test capture: 4 pixels of ic, 1 ignored; the prediction misses one ic and invents one."""
    truth = np.zeros((16, 16), np.uint8)
    truth[0, :4] = 1
    truth[15, 15] = 255
    prediction = np.zeros((16, 16), np.uint8)
    prediction[0, 1:5] = 1
    world.add("t_1", "test", np.full((4, 16, 16), 0.5), truth)
    out = tmp_path / "unet-scrb-seed3"
    write_run(
        out,
        dataset="toy",
        backbone="unet",
        strategy="scrb",
        seed=3,
        classes=CLASSES,
        reflectance=world.reflectance,
        predictions=[("t_1", prediction)],
        extra={"epochs": 7},
    )
    return out


def test_the_scores_by_hand(scored):
    metrics = json.loads((scored / "metrics.json").read_text())
    others, ic = 250 / 252, 3 / 5  # 251 true others, one of them called ic; one ic called others
    assert metrics["scores"]["iou"] == [pytest.approx(others), pytest.approx(ic), None]
    assert metrics["scores"]["miou"] == pytest.approx((others + ic) / 2)
    assert metrics["scores"]["f1"][1] == pytest.approx(6 / 8)
    assert (metrics["test_captures"], metrics["epochs"], metrics["seed"]) == (1, 7, 3)
    assert (scored / "confusion.csv").read_text().splitlines()[1:] == ["others,250,1,0", "ic,1,3,0", "unseen,0,0,0"]
    assert sorted(path.name for path in (scored / "predictions").iterdir()) == [".t_1.png.sha256", "t_1.png"]


def test_syncing_twice_makes_one_entry(scored, tmp_path):
    store = tmp_path / "mlflow.db"
    for _ in range(2):
        sync(runs=[scored], tracking=store)
    client = MlflowClient(tracking_uri=f"sqlite:///{store}")
    runs = client.search_runs([client.get_experiment_by_name("segmentation").experiment_id])
    assert [(run.info.run_name, run.info.status) for run in runs] == [("toy unet-scrb-seed3", "FINISHED")]
    assert runs[0].data.metrics["test/iou_ic"] == pytest.approx(0.6)
    assert "test/iou_unseen" not in runs[0].data.metrics
    names = {file.path for file in client.list_artifacts(runs[0].info.run_id)}
    assert names == {"metrics.json", "confusion.csv", "confusion.svg", "t_1.png"}


def test_mlflow_takes_the_names_of_all_classes():
    assert metric_words(["ic", "IC 1.2_x:y"]) == ["ic", "IC 1.2_x:y"]
    words = metric_words(["R&D", "R/D", "IC (small)", "{x}", "é", "../a"])
    assert words == ["R-D-0", "R-D-1", "IC -small-", "-x-", "é", "..-a"]
    for word in words:
        _validate_metric_name(f"test/iou_{word}")


def test_runs_of_one_name_with_other_normalizations_are_told_apart(scored, tmp_path):
    folders = [scored, tmp_path / "none" / scored.name]
    shutil.copytree(scored, folders[1])
    for folder, method in zip(folders, ("standardize", "none"), strict=True):
        path = folder / "metrics.json"
        record_of(path).unlink()
        path.write_text(json.dumps(json.loads(path.read_text()) | {"normalization": method, "fingerprint": method}))
    store, out = tmp_path / "mlflow.db", tmp_path / "synced.json"
    sync(runs=folders, tracking=store, out=out)
    client = MlflowClient(tracking_uri=f"sqlite:///{store}")
    runs = client.search_runs([client.get_experiment_by_name("segmentation").experiment_id])
    assert {run.info.run_name: run.data.params["normalization"] for run in runs} == {
        "toy unet-scrb-standardize-seed3": "standardize",
        "toy unet-scrb-none-seed3": "none",
    }
    shown = [f"{folder.parent.name}/{scored.name}" for folder in folders]
    assert list(json.loads(out.read_text())["runs"]) == shown


def test_a_file_that_is_no_model_is_named(tmp_path):
    (tmp_path / "model.pt").write_bytes(b"no")
    with pytest.raises(BoardbenchError, match=r"model\.pt: not a model of boardbench"):
        load(tmp_path / "model.pt")


def test_scores_at_the_captures_own_size(world, tmp_path):
    """A 16 x 16 prediction against a mask of 32 x 48: every predicted pixel counts 2 x 3 times."""
    prediction = np.zeros((16, 16), np.uint8)
    prediction[0, :2] = 1
    world.add("t_1", "test", np.full((4, 16, 16), 0.5), prediction)
    own = np.zeros((32, 48), np.uint8)
    own[:2, :5] = 1  # of the 2 x 6 pixels that are called ic, 2 x 5 are
    own[31, 47] = 255
    (tmp_path / "truth").mkdir()
    Image.fromarray(own).save(tmp_path / "truth" / "t_1.png")
    given = {"dataset": "toy", "backbone": "lda", "strategy": "none", "seed": 0, "classes": ["others", "ic"]}
    scored = given | {"reflectance": world.reflectance, "predictions": [("t_1", prediction)], "extra": {}}
    write_run(tmp_path / "run", **scored, truth=tmp_path / "truth")
    assert (tmp_path / "run" / "confusion.csv").read_text().splitlines()[1:] == ["others,1523,2", "ic,0,10"]
    assert (tmp_path / "run" / "confusions.csv").read_text().splitlines()[1:] == ["t_1,others,1523,2", "t_1,ic,0,10"]
