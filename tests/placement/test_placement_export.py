"""A placement run as an ONNX file, what it costs, and what it takes."""

import json

import numpy as np
import onnx
import pandas as pd
import pytest
import torch
from PIL import Image

from boardbench.engine.onnxfile import open_onnx, session
from boardbench.export import export as any_export
from boardbench.params.placement import Deployment
from boardbench.placement.complexity import complexity
from boardbench.placement.deployment import Deployed
from boardbench.placement.export import export
from boardbench.placement.latency import latency
from boardbench.placement.model import Model, predict, save
from boardbench.placement.network import build_network, preprocess
from boardbench.placement.synthesis import resize_photo

NOMINAL = np.array([[8.0, 8.0], [20.0, 8.0], [8.0, 20.0], [20.0, 20.0]])


@pytest.fixture
def run(tmp_path):
    torch.manual_seed(1)
    network = build_network(0.1, (48, 32)).train()
    for _ in range(60):  # statistics of its inputs, or batch normalization leaves nothing of them
        network(torch.randn(4, 3, 48, 32))
    model = Model(
        network=network.eval(),
        **{"init": "random", "loss": "corners", "backbone": "mobilenet_v2", "width": 0.1, "dataset": "toy", "seed": 0},
        **{"size": (48, 32), "photo_size": (64, 48), "mm_per_pixel": (0.3, 0.2), "nominal": NOMINAL},
    )
    save(model, tmp_path / "random-corners-seed0/model.pt")
    return model, tmp_path / "random-corners-seed0"


@pytest.fixture
def photos(tmp_path):
    paths = []
    for seed in range(3):
        pixels = np.random.default_rng(seed).integers(0, 256, (64, 48, 3), dtype=np.uint8)
        paths.append(tmp_path / f"photo{seed}.png")
        Image.fromarray(pixels).save(paths[-1])
    return paths


def test_a_photo_goes_through_the_same_steps_as_the_samples(run, photos):
    model, _ = run
    deployed = Deployed(model).eval()
    for path in photos:
        pixels = np.asarray(Image.open(path))
        image = np.round(resize_photo(pixels, (48, 32))).astype(np.uint8)
        wanted = predict(model.network, image[None])[0] * [48 / 32, 64 / 48]
        with torch.inference_mode():
            corners, intermediate = deployed(torch.from_numpy(pixels.copy()))
        differs = (intermediate - preprocess(torch.from_numpy(image[None]))).abs() > 1e-4
        assert differs.float().mean() < 0.05, "the network sees whole grey levels, as in training"
        np.testing.assert_allclose(corners.numpy(), wanted, atol=0.02)
        assert np.ptp(wanted) > 1


def test_the_file_gives_the_runs_corners_and_says_what_it_is(run, photos, capsys):
    model, folder = run
    export(run=folder, precisions=["float32", "int8"], photos=photos, unregistered=True)
    assert "differ from the run's by at most" in capsys.readouterr().out
    pixels = np.asarray(Image.open(photos[0]))
    with torch.inference_mode():
        wanted = Deployed(model).eval()(torch.from_numpy(pixels.copy()))[0].numpy()
    found = session(folder / "model.onnx", 1).run(["corners"], {"photo": pixels})[0]
    np.testing.assert_allclose(found, wanted, atol=1e-2)
    coarse = session(folder / "model-int8.onnx", 1).run(["corners"], {"photo": pixels})[0]
    assert np.abs(coarse - wanted).max() < 15
    assert not np.array_equal(coarse, found)
    metadata = open_onnx(folder / "model.onnx").metadata
    assert (metadata["study"], metadata["nominal"], metadata["photo_size"]) == ("placement", NOMINAL.tolist(), [64, 48])
    checked = json.loads((folder / "export-int8.json").read_text())
    assert checked["photos"] == 3
    assert checked["largest_difference_px"] >= checked["mean_difference_px"] > 0
    assert not any(node.metadata_props for node in onnx.load(folder / "model.onnx").graph.node)


def test_export_refuses_what_it_cannot_check(run, photos, tmp_path, says):
    _, folder = run
    says(lambda: export(run=folder, photos=[], unregistered=True), "--photos")
    says(lambda: export(run=folder, photos=photos, precisions=["int4"]), "int4", "float32, int8")
    Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(tmp_path / "odd.png")
    says(lambda: export(run=folder, photos=[tmp_path / "odd.png"]), "odd.png", "64 lines x 64", "64 x 48")


def test_a_file_that_places_corners_elsewhere_is_refused(run, photos, says, monkeypatch):
    _, folder = run
    monkeypatch.setattr("boardbench.placement.export.CLOSE", -1.0)
    says(lambda: export(run=folder, photos=photos, unregistered=True), "model.onnx", "from where the run places it")


def test_one_verb_exports_every_study_and_names_the_flag_of_another(run, photos, says, monkeypatch, tmp_path):
    _, folder = run
    says(lambda: any_export(run=folder, bands_read=True), "placement study", "--bands-read")
    monkeypatch.chdir(tmp_path)
    says(lambda: any_export(run=folder, unregistered=True), "data/raw/toy", "--photos")
    for path in photos:  # the station's photos stand where their data set is
        target = tmp_path / "data/raw/toy" / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
        target.with_suffix(".json").write_text(json.dumps({"corners": NOMINAL.tolist()}))
    any_export(run=folder, unregistered=True)
    assert (folder / "model.onnx").is_file()


def test_the_registry_gets_the_file(run, photos, tmp_path):
    import mlflow

    _, folder = run
    export(run=folder, photos=photos, tracking=tmp_path / "mlflow.db")
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'mlflow.db'}")
    try:
        loaded = mlflow.pyfunc.load_model("models:/toy-random-corners-seed0/1")
        pixels = np.asarray(Image.open(photos[0]))
        assert loaded.predict({"photo": pixels})["corners"].shape == (4, 2)
    finally:
        mlflow.set_tracking_uri(None)


def test_cost_table_holds_ours_and_the_papers_network(tmp_path):
    complexity(out=tmp_path / "c.csv", width=0.35, size=[96, 96])
    table = pd.read_csv(tmp_path / "c.csv", index_col="network")
    assert table["params_millions"].round(4).to_dict() == {"ours": 0.4799, "paper": 2.5329}
    assert table.loc["paper", ["lines", "samples", "width"]].tolist() == [256, 256, 1]
    # MobileNetV2 takes 300.8 M at 224 x 224 (table 4 of its paper); 256 x 256 has 1.306 times the pixels.
    assert table["gflops"]["paper"] / 2 == pytest.approx(0.3008 * 256**2 / 224**2, rel=0.02)


def test_latency_has_a_row_for_every_model_and_floor(run, photos, samples, tmp_path):
    _, folder = run
    export(run=folder, photos=photos, unregistered=True)
    latency(
        models=[folder / "model.onnx"],
        baselines=["mean"],
        samples=samples,
        out=tmp_path / "l.csv",
        params=Deployment(repeats=3),
    )
    table = pd.read_csv(tmp_path / "l.csv")
    assert table["model"].tolist() == ["random-corners-seed0", "mean"]
    assert (table["p99_ms"] >= table["p50_ms"]).all()
    assert (table[["lines", "samples"]].to_numpy() == [[64, 48], [32, 32]]).all()
    assert 0 < table["limit_ms"][0] < table["p50_ms"][0]
