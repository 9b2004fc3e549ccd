"""The verbs tables and figures name their files by the params, as the workflow lays them out."""

import yaml

from boardbench.params.classification import Classification
from boardbench.params.placement import Placement
from boardbench.params.segmentation import Segmentation
from boardbench.report.classification import verbs as classification
from boardbench.report.placement import verbs as placement
from boardbench.report.segmentation import verbs as segmentation


def caught(monkeypatch, module, name):
    given = {}
    monkeypatch.setattr(module, name, lambda **arguments: given.update(arguments))
    return given


def given_to(monkeypatch, tmp_path, verbs, section):
    """Return what the tables and the figures of a study are made of."""
    made = caught(monkeypatch, verbs, "write_tables"), caught(monkeypatch, verbs, "write_figures")
    settings = yaml.safe_dump(section.model_dump(mode="json"))
    more = {} if section.__class__ is Placement else {"published": tmp_path / "published"}
    verbs.tables(results=tmp_path, settings=settings, out=tmp_path / "tables", **more)
    verbs.figures(results=tmp_path, settings=settings, tables=tmp_path / "tables", out=tmp_path / "figures")
    return made


def test_segmentation(monkeypatch, tmp_path):
    params = Segmentation(normalization={"compare": ["none"]}, evaluation={"resamples": 700})
    made, drawn = given_to(monkeypatch, tmp_path, segmentation, params)
    assert made["runs"] == drawn["runs"] == tmp_path / "runs"
    assert (made["pruned"], made["pruned_runs"]) == (["ratio-0.7/unet-scrb-seed0"], tmp_path / "pruned")
    assert (made["normalizations"], made["normalized_runs"]) == (["none"], tmp_path / "normalized")
    assert made["pareto"] == tmp_path / "pareto.csv" and made["sensor"] == tmp_path / "sensor.csv"
    assert made["reduction"] == tmp_path / "reduction" and made["resamples"] == 700
    plain = {"pruning": [], "deployment": {"precisions": []}, "source": "captures", "strategies": ["full"]}
    made, _ = given_to(monkeypatch, tmp_path, segmentation, Segmentation(**plain))
    nothing = ("pareto", "pruned_runs", "normalized_runs", "sensor", "reduction")
    assert {name: made[name] for name in nothing} == dict.fromkeys(nothing)


def test_placement(monkeypatch, tmp_path):
    params = Placement(seeds=[3, 1])
    made, drawn = given_to(monkeypatch, tmp_path, placement, params)
    for given in (made, drawn):
        assert (given["init"], given["losses"], given["seeds"]) == (["random"], ["rectangle", "corners"], [3, 1])
        assert (given["runs"], given["samples"]) == (tmp_path / "runs", tmp_path / "samples.csv")
    assert made["tolerance"] == params.tolerance


def test_classification(monkeypatch, tmp_path):
    params = Classification()
    made, drawn = given_to(monkeypatch, tmp_path, classification, params)
    for given in (made, drawn):
        assert (given["names"], given["networks"]) == (["fc3", "cnn"], ["small-seed0", "small-se-seed0"])
        assert given["baselines"][0] == "knn-l1-standardize" and len(given["baselines"]) == 8
    assert made["pruned"] == ["half/small-seed0", "zeros/small-seed0"] and made["epochs"] is None
    assert made["latency"] == tmp_path / "latency.csv"
    none = Classification(networks={"runs": []}, pruning=[], bench={"networks": ["resnet18"]})
    made, _ = given_to(monkeypatch, tmp_path, classification, none)
    assert (made["latency"], made["complexity"], made["epochs"]) == (None, None, tmp_path / "epochs.csv")


def test_a_wrong_key_of_the_settings_is_named(tmp_path, says):
    given = {"results": tmp_path, "out": tmp_path / "tables"}
    says(lambda: placement.tables(settings="{seedz: [0]}", **given), "--settings", "seedz", "seeds")
