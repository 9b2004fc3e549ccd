"""A classification run as an ONNX file: the run's classes for any number of images, pruned or of some classes alone."""

import copy
import json
from functools import partial

import numpy as np
import onnx
import pytest
import torch

from boardbench.classification.data import read_samples
from boardbench.classification.export import export as export_on_threads
from boardbench.classification.model import Model, network_of, save
from boardbench.classification.normalization import fit
from boardbench.engine.onnxfile import open_onnx, session
from boardbench.export import export as any_export
from boardbench.params.networks import Training

# One thread, as in all tests: two would wait for other tests' processes.
export = partial(export_on_threads, threads=1)


def trained(samples, classes=("bar0", "bar1", "bar2"), **settings) -> Model:
    """Return a network after a few steps by hand, good enough for its classes to differ."""
    given = read_samples(samples)
    settings = Training(network="lenet", **settings).model_dump(mode="json")
    torch.manual_seed(0)
    network = network_of(settings, given.size, len(classes)).train()
    images, labels = given.part("train")
    scaled = fit("standardize", images)
    names = np.array(given.classes)[labels]
    chosen = np.isin(names, classes)
    targets = torch.tensor([classes.index(name) for name in names[chosen]])
    inputs = torch.from_numpy(scaled.apply(images[chosen])).permute(0, 3, 1, 2)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.001)
    for _ in range(8):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(inputs), targets).backward()
        optimizer.step()
    return Model(network.eval(), "small", 0, "bars", list(classes), given.size, scaled, settings)


@pytest.fixture
def samples(write_samples, tmp_path):
    return write_samples(tmp_path / "samples", size=(32, 32, 1))


@pytest.fixture
def run(samples):
    model, folder = trained(samples), samples.parent / "runs/small-seed0"
    save(model, folder / "model.pt")
    return model, folder


def test_the_file_gives_the_runs_classes_for_any_number_of_images(run, samples, capsys):
    model, folder = run
    export(run=folder, precisions=["float32", "int8"], unregistered=True)
    assert "test images have the run's class" in capsys.readouterr().out
    images, labels = read_samples(samples).part("test")
    with torch.inference_mode():
        wanted = model.logits(torch.from_numpy(images.copy())).softmax(dim=1).numpy()
    opened, coarse = (session(folder / name, 1) for name in ("model.onnx", "model-int8.onnx"))
    for count in (1, 2, 7, 30):
        classes, probabilities = opened.run(["classes", "probabilities"], {"images": images[:count]})
        assert (classes.dtype, probabilities.dtype, classes.shape) == (np.int64, np.float32, (count,))
        np.testing.assert_allclose(probabilities, wanted[:count], atol=1e-5)
        assert classes.tolist() == wanted[:count].argmax(axis=1).tolist()
    classes, probabilities = coarse.run(["classes", "probabilities"], {"images": images})
    assert 1e-5 < np.abs(probabilities - wanted).max() < 0.3
    for name, found in (("export.json", wanted.argmax(axis=1)), ("export-int8.json", classes)):
        checked = json.loads((folder / name).read_text())
        assert checked["images"] == 30
        assert checked["accuracy"] == pytest.approx((found == labels).mean())
        assert checked["run_accuracy"] == pytest.approx((wanted.argmax(axis=1) == labels).mean())
        assert checked["run_accuracy"] > 0.5
        assert checked["same_class"] == pytest.approx((found == wanted.argmax(axis=1)).mean())
        assert checked["bytes"] == (folder / name.replace("export", "model").replace("json", "onnx")).stat().st_size
    assert len(set(wanted.argmax(axis=1))) == 3
    quantized = {node.op_type for node in onnx.load(folder / "model-int8.onnx").graph.node}
    assert {"QuantizeLinear", "DequantizeLinear"} <= quantized


def test_the_file_says_what_it_is(run):
    model, folder = run
    export(run=folder / "model.pt", unregistered=True)
    metadata = open_onnx(folder / "model.onnx").metadata
    assert metadata == metadata | {
        "study": "classification",
        "dataset": "bars",
        "name": "small",
        "network": "lenet",
        "seed": 0,
        "classes": ["bar0", "bar1", "bar2"],
        "size": [32, 32, 1],
        "pruning": None,
        "precision": "float32",
        "normalization": model.normalization.to_dict(),
    }
    assert not any(node.metadata_props for node in onnx.load(folder / "model.onnx").graph.node)
    assert not (folder / "model-int8.onnx").exists()


def test_a_run_of_some_classes_is_checked_on_their_images_in_its_own_order(samples):
    model, folder = trained(samples, ("bar2", "bar0")), samples.parent / "runs/two-seed0"
    save(model, folder / "model.pt")
    export(run=folder, unregistered=True)
    checked = json.loads((folder / "export.json").read_text())
    assert (checked["images"], checked["accuracy"]) == (20, 1.0)


def test_a_run_with_fewer_channels_keeps_its_sizes(run, samples, tmp_path, monkeypatch, capsys):
    registered = []
    monkeypatch.setattr("boardbench.engine.export.register", lambda *given: registered.append(given))
    model, _ = run
    pruning = {"name": "half", "method": "structured", "ratio": 0.5}
    small = copy.deepcopy(model.network)  # 3 and 8 channels in place of 6 and 16, as channel pruning leaves them
    small.conv1, small.conv2 = torch.nn.Conv2d(1, 3, 5), torch.nn.Conv2d(3, 8, 5)
    small.fc1 = torch.nn.Linear(8 * 5 * 5, 120)
    folder = samples.parent / "pruned/half/small-seed0"
    save(Model(**(vars(model) | {"network": small, "pruning": pruning})), folder / "model.pt")
    export(run=folder, out=tmp_path / "line", tracking=tmp_path / "mlflow.db")
    checked = json.loads((tmp_path / "line/export.json").read_text())
    assert checked["same_class"] == 1 and checked["largest_probability_difference"] < 1e-5
    assert open_onnx(tmp_path / "line/model.onnx").metadata["pruning"] == pruning
    images, _ = read_samples(samples).part("test")
    given = torch.from_numpy(images.copy())
    with torch.inference_mode():
        wanted = small(torch.from_numpy(model.normalization.apply(images)).permute(0, 3, 1, 2)).softmax(dim=1)
        unpruned = model.logits(given).softmax(dim=1)
    found = session(tmp_path / "line/model.onnx", 1).run(["probabilities"], {"images": images})[0]
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert np.abs(found - unpruned.numpy()).max() > 1e-3
    ((path, name, inputs, outputs, tracking, _),) = registered
    assert (path, name) == (tmp_path / "line/model.onnx", "bars-small-half-seed0")
    assert inputs == {"images": ("uint8", (-1, 32, 32, 1))}
    assert outputs == {"classes": ("int64", (-1,)), "probabilities": ("float32", (-1, 3))}
    assert tracking == tmp_path / "mlflow.db"


def test_export_refuses_what_it_cannot_check(run, samples, write_samples, tmp_path, says):
    _, folder = run
    says(lambda: export(run=folder, precisions=["int4"]), "int4", "float32, int8")
    says(lambda: export(run=folder, samples=tmp_path / "no.csv"), "no.csv: no such file", "--samples")
    larger = write_samples(tmp_path / "larger", size=(33, 32, 1))
    says(lambda: export(run=folder, samples=larger), "33 x 32 x 1", "32 x 32 x 1", "bars")
    fewer = write_samples(tmp_path / "fewer", classes=2, size=(32, 32, 1))
    says(lambda: export(run=folder, samples=fewer), str(fewer), "2 classes", "bar2", "small")
    samples.rename(tmp_path / "moved.csv")
    says(lambda: export(run=folder), "samples.csv: no such file", "--samples")
    says(lambda: export(run=tmp_path), "model.pt: no such model", "results/classification/digits/runs/")
    assert [path.name for path in folder.glob("[!.]*")] == ["model.pt"]


def test_a_file_of_other_classes_is_refused(run, says, monkeypatch):
    _, folder = run
    monkeypatch.setattr("boardbench.classification.export.SAME_CLASS", 1.1)
    said = says(lambda: export(run=folder, unregistered=True), "model.onnx", "100.000%", "export.json")
    assert "runs/small-seed0/export.json" in said
    export(run=folder, precisions=["int8"], unregistered=True)  # coarse on purpose: its report says by how much


def test_one_verb_exports_every_study_and_names_the_flag_of_another(run, says, tmp_path):
    from boardbench.engine.modelfile import write_model

    _, folder = run
    any_export(run=folder, unregistered=True, threads=1)
    assert (folder / "model.onnx").is_file()
    says(lambda: any_export(run=folder, photos=[tmp_path]), "classification study", "--photos")
    says(lambda: any_export(run=folder, split=tmp_path, bands_read=True), "--split, --bands-read")
    says(lambda: any_export(run=folder, samples=tmp_path / "no.csv"), "no.csv")
    write_model({"study": "welding"}, tmp_path / "model.pt")
    says(lambda: any_export(run=tmp_path), "welding", "Update boardbench")
    write_model({"study": "placement"}, tmp_path / "model.pt")
    says(lambda: any_export(run=tmp_path, samples=tmp_path), "placement study", "--samples")
