"""params.yaml, the models and the presets say the same thing; mistakes are named."""

import datetime
import json
import math
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from boardbench.errors import BoardbenchError
from boardbench.params.params import Params, load_params
from boardbench.schema import write_schema

ROOT = Path(__file__).parents[1]
DEFAULTS = yaml.safe_load((ROOT / "params.yaml").read_text())


def merged(base: dict, overlay: dict) -> dict:
    both = {**base, **overlay}
    for key in base.keys() & overlay.keys():
        if isinstance(base[key], dict) and isinstance(overlay[key], dict):
            both[key] = merged(base[key], overlay[key])
    return both


def test_params_yaml_shows_every_key_with_its_default():
    assert load_params(DEFAULTS).model_dump(mode="json") == Params().model_dump(mode="json")

    def keys(block, prefix=""):
        for key, value in block.items():
            yield prefix + key
            if isinstance(value, dict):
                yield from keys(value, f"{prefix}{key}.")

    assert set(keys(DEFAULTS)) == set(keys(Params().model_dump(mode="json")))


@pytest.mark.parametrize("preset", sorted((ROOT / "workflow/presets").glob("*.yaml")), ids=lambda path: path.stem)
def test_presets_are_accepted_and_name_their_own_dataset(preset):
    params = load_params(merged(DEFAULTS, yaml.safe_load(preset.read_text())))
    if preset.stem == "reference":  # what default runs are held against
        return
    for study in params.studies:
        assert getattr(params, study).dataset != DEFAULTS[study]["dataset"]


def preset(*names: str):
    """Return the params of presets, each an overlay on the one before."""
    given = DEFAULTS
    for name in names:
        given = merged(given, yaml.safe_load((ROOT / f"workflow/presets/{name}.yaml").read_text()))
    return load_params(given)


@pytest.mark.parametrize("names", [["normalizations"], ["indian-pines", "indian-pines-normalizations"]])
def test_normalizations_are_compared_by_enough_seeds_to_be_tested_and_nothing_is_exported(names):
    study = preset(*names).segmentation
    assert study.normalization.compare == ["none", "minmax", "standardize"]
    assert len(study.seeds) >= 3 and study.deployment.precisions == [] == study.pruning
    other = preset(*names[:-1]).segmentation
    assert (study.source, study.classes, study.training) == (other.source, other.classes, other.training)


@pytest.mark.parametrize("names", [["leakage"], ["indian-pines", "indian-pines-leakage"]])
def test_leaks_are_measured_by_enough_seeds_to_be_tested_and_nothing_is_exported(names):
    study = preset(*names).segmentation
    assert study.split.audit and study.split.compare[-2:] == ["patches", "pixels"] and not study.split.leaking
    assert len(study.seeds) >= 3 and study.deployment.precisions == [] == study.pruning
    other = preset(*names[:-1]).segmentation
    assert (study.source, study.classes, study.training) == (other.source, other.classes, other.training)
    assert study.split.by_scene == other.split.by_scene


def test_the_reference_is_the_default_run_with_five_seeds_or_more_and_more_networks():
    found = preset("reference")
    default = Params()
    pairs = [(found.segmentation, default.segmentation), (found.placement, default.placement)]
    pairs += [
        (getattr(found.classification, key), getattr(default.classification, key))
        for key in ("numpy_networks", "networks")
    ]
    for made, plain in pairs:
        assert made.seeds == list(range(len(made.seeds))) and len(made.seeds) >= 5 and plain.seeds == [0]
        told = {"seeds": True, "backbones": True, "deployment": {"precisions"}}
        assert made.model_dump(exclude=told) == plain.model_dump(exclude=told)
    assert set(default.segmentation.backbones) < set(found.segmentation.backbones)


def test_paper_preset_has_the_numbers_of_the_paper():
    study = load_params(
        merged(DEFAULTS, yaml.safe_load((ROOT / "workflow/presets/paper.yaml").read_text()))
    ).segmentation
    parts = [getattr(study.split, part) * study.simulate.conditions for part in ("train", "validation", "test")]
    assert parts == [126, 3, 30]
    assert study.training.class_weights == [0.1, 0.7, 0.95, 0.8]
    assert (study.training.epochs, study.training.patience, study.training.learning_rate) == (100, 20, 5e-5)
    assert study.reflectance.size == (640, 640)


@pytest.mark.parametrize(
    ("overlay", "words"),
    [
        ({"segmentaton": {}}, ["segmentaton", "Did you mean 'segmentation'?"]),
        *(
            ({"segmentation": {"split": given}}, ["segmentation.split", key, "audit: true"])
            for name in ("captures", "patches", "pixels")
            for key, given in (("protocol", {"protocol": name}), ("compare", {"compare": [name]}))
        ),
        (
            {"segmentation": {"split": {"protocol": "pixels", "compare": ["patches"], "audit": True}}},
            ["segmentation.split", "compare", "pixels"],
        ),
        (
            {"segmentation": {"split": {"compare": ["patches"], "audit": True}, "evaluation": {"truth": "original"}}},
            ["segmentation", "evaluation.truth"],
        ),
        ({"segmentation": {"storage": "s3://a/b"}}, ["segmentation", "s3://a/b", "captures"]),
        (
            {"segmentation": {"source": "captures", "storage": "/a/b"}},
            ["segmentation", "storage: /a/b", "s3://BUCKET/FOLDER"],
        ),
        (
            {"classification": {"numpy_networks": {"runs": [{"name": "a"}, {"name": "a"}]}}},
            ["classification.numpy_networks", "two are called 'a'"],
        ),
        ({"classification": {"baselines": {"window": 4}}}, ["classification.baselines", "4 has no centre"]),
        (
            {"segmentation": {"training": {"learning_rat": 1}}},
            ["segmentation.training.learning_rat", "'learning_rate'"],
        ),
        ({"segmentation": {"training": {"zzz": 1}}}, ["segmentation.training.zzz", "Valid: epochs, batch_size"]),
        (
            {"segmentation": {"training": {"epochs": 0}}},
            ["segmentation.training.epochs", "greater than", "got 0"],
        ),
        ({"segmentation": {"training": {"epochs": "many"}}}, ["segmentation.training.epochs", "'many'"]),
        ({"segmentation": {"training": {"class_weights": [1, 2]}}}, ["2 values for 4 classes"]),
        ({"segmentation": {"training": {"class_weights": [1, 2, -1, 3]}}}, ["segmentation.training.class_weights.2"]),
        ({"segmentation": {"training": {"class_weights": [0, 0, 0, 0]}}}, ["training.class_weights: all are 0"]),
        *(
            ({"segmentation": {"training": {"class_weights": [1, 2, 3, odd]}}}, ["training.class_weights.3", "finite"])
            for odd in (math.nan, math.inf)
        ),
        (
            {"segmentation": {"training": {"learning_rate": math.nan}}},
            ["training.learning_rate", "finite"],
        ),
        ({"segmentation": {"reflectance": {"size": [10**30, 16]}}}, ["segmentation.reflectance.size.0", "16384"]),
        ({"segmentation": {"training": {"width": 1 << 20000}}}, ["segmentation.training.width", "type int"]),
        ({"segmentation": {"training": {"epochs": 2**32}}}, ["segmentation.training.epochs", "no sensible value"]),
        ({"segmentation": {"training": {"threads": 10**6}}}, ["segmentation.training.threads", "1024"]),
        ({"segmentation": {"reflectance": {"min_nm": 700, "max_nm": 500}}}, ["min_nm: 700 is above max_nm, 500"]),
        ({"segmentation": {"classes": ["a", "A"]}}, ["segmentation.classes", "two classes are called 'a'"]),
        *(
            ({"segmentation": {"classes": ["a", odd]}}, ["segmentation.classes.1"])
            for odd in ("", " ", " a", "a\nb", "a\0b", "\ud800", "n" * 101)
        ),
        ({"segmentation": {"pcbvision": {"folder": "n" * 2000}}}, ["segmentation.pcbvision.folder", "1000"]),
        ({"segmentation": {"dataset": "n" * 200}}, ["segmentation.dataset", "100 characters"]),
        ({"placement": {"mm_per_pixel": 1e-300}}, ["placement.mm_per_pixel"]),
        ({"segmentation": {"split": {"train": ["a"]}}}, ["segmentation.split", "'grouped' wants a number"]),
        ({"placement": {"init": ["finetune"]}}, ["'finetune' starts from weights", "training.weights"]),
        ({"placement": {"dataset": "simulated"}}, ["'simulated' names the tables of segmentation.dataset too"]),
        ({"placement": {"synthesis": {"shift": 1}}}, ["placement.synthesis.shift", "Did you mean 'shift_mm'?"]),
        ({"segmentation": {"dataset": "a/b"}}, ["segmentation.dataset", "'a/b'"]),
        (
            {"classification": {"baselines": {"normalizations": ["z-score"]}}},
            ["classification.baselines.normalizations.0", "called 'standardize' now", "got 'z-score'"],
        ),
        (
            {"classification": {"networks": {"runs": [{"name": "a", "normalization": "min-max"}]}}},
            ["classification.networks.runs.0.normalization", "called 'minmax' now", "got 'min-max'"],
        ),
        (
            {"classification": {"numpy_networks": {"runs": [{"name": "a", "normalization": "none"}]}}},
            ["classification.numpy_networks.runs.0.normalization", "'standardize' or 'minmax'", "got 'none'"],
        ),
    ],
)
def test_a_mistake_is_named_with_its_remedy(overlay, words):
    with pytest.raises(BoardbenchError) as caught:
        load_params(merged(DEFAULTS, overlay))
    message = str(caught.value)
    assert message.startswith("params.yaml")
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    "name", ["IC (small)", "R&D", "{x}", "<b>a|b</b>", "$y$ 'z' \"q\"", "é 電容", "a,b;c/d=e", "#1", "100 %"]
)
def test_a_class_may_have_any_name(name):
    overlay = {"classes": [name, "other"], "training": {"class_weights": "none"}}
    assert load_params(merged(DEFAULTS, {"segmentation": overlay})).segmentation.classes == [name, "other"]


def test_scene_names_may_be_bare_numbers():
    lists = {"protocol": "listed", "train": [1, 3], "validation": [18], "test": [2, "5b"]}
    split = load_params(merged(DEFAULTS, {"segmentation": {"split": lists}})).segmentation.split
    assert (split.train, split.validation, split.test) == (["1", "3"], ["18"], ["2", "5b"])


def networks(*runs, **more):
    return {"classification": {"networks": {"runs": list(runs)}, "pruning": [], **more}}


def test_a_grid_becomes_a_run_a_combination():
    grid = {"optimizer": ["sgd", "adam"], "learning_rate": [0.1, 0.01]}
    given = load_params(networks({"name": "slim", "epochs": 3, "grid": grid}, {"name": "plain"}))
    found = {name: (run.optimizer, run.learning_rate) for name, run in given.classification.networks.trainings.items()}
    assert found == {
        "slim-sgd-0.1": ("sgd", 0.1),
        "slim-sgd-0.01": ("sgd", 0.01),
        "slim-adam-0.1": ("adam", 0.1),
        "slim-adam-0.01": ("adam", 0.01),
        "plain": ("sgd", 0.1),
    }
    assert {run.epochs for name, run in given.classification.networks.trainings.items() if "slim" in name} == {3}


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (networks({"name": "a", "weights": "b"}, {"name": "b", "weights": "a"}), "a from b from a never begins"),
        (networks({"name": "a", "weights": "a"}), "a from a never begins"),
        (networks({"name": "a", "weights": "b", "seeds": [0, 1]}, {"name": "b"}), "'b' has no seed 1"),
        (networks({"name": "a"}, {"name": "a"}), "two are called 'a'"),
        (networks({"name": "fc3"}), "'fc3' is a run of numpy_networks.runs too"),
        (networks({"name": "a", "unfrozen": 2}), "give weights, or null to train all"),
        (networks({"name": "a"}, pruning=[{"name": "x", "runs": ["b"]}]), "there is no run 'b'; valid: a"),
        (networks({"name": "a"}, pruning=[{"name": "x"}, {"name": "x"}]), "two are called 'x'"),
        (networks({"name": "a"}, pruning=[{"name": "x", "ratio": None}]), "null is for method 'unstructured'"),
        ({"segmentation": {"pruning": [{"name": "x", "ratio": 1.0}]}}, "segmentation.pruning.0.ratio"),
    ],
)
def test_networks_and_prunings_that_cannot_be_are_named(config, words, says):
    says(lambda: load_params(config), words)


def test_the_schema_is_that_of_the_params_and_every_preset_keeps_to_it(tmp_path):
    import jsonschema

    written = ROOT / "workflow/params.schema.json"
    write_schema(out=tmp_path / "schema.json", artifacts=tmp_path / "artifacts.json")
    assert (tmp_path / "schema.json").read_bytes() == written.read_bytes()
    schema = json.loads(written.read_text())
    for file in [ROOT / "params.yaml", *sorted((ROOT / "workflow/presets").glob("*.yaml"))]:
        text = file.read_text()
        (named,) = re.findall(r"\A# yaml-language-server: \$schema=(\S+)\n", text)
        assert (file.parent / named).resolve() == written.resolve()
        jsonschema.validate(yaml.safe_load(text), schema)
    with pytest.raises(jsonschema.ValidationError, match="epoks"):
        jsonschema.validate({"segmentation": {"training": {"epoks": 3}}}, schema)


def leaves(block, path=()):
    """Yield the path of every value that is no mapping, and of every row of a list."""
    for key, value in block.items() if isinstance(block, dict) else enumerate(block):
        yield (*path, key)
        if isinstance(value, dict) or (isinstance(value, list) and value):
            yield from leaves(value, (*path, key))


LEAVES = list(leaves(Params().model_dump(mode="json")))
# What a YAML file can hold.
NUMBERS = st.sampled_from([math.nan, math.inf, -math.inf, -1, 0, 0.5, 10**30, -(10**30), 1e300, 5e-324, 2**31])
ODD = st.sampled_from(
    [None, True, "", " ", "{x}", "a\nb", "\0", "\ud800", "n" * 5000, b"\xff", datetime.date(2026, 1, 1)]
)
VALUES = st.recursive(
    NUMBERS | ODD | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def numbers(value):
    """Yield the numbers in a value."""
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from numbers(one)
    elif isinstance(value, int | float):
        yield value


@given(st.sampled_from(LEAVES), VALUES)
@settings(deadline=None)
def test_any_value_of_any_key_is_borne_or_refused_by_name(path, value):
    config = json.loads(json.dumps(Params().model_dump(mode="json")))
    block = config
    for key in path[:-1]:
        block = block[key]
    block[path[-1]] = value
    try:
        found = load_params(config)
    except BoardbenchError as error:
        key = next(key for key in reversed(path) if isinstance(key, str))
        assert key in str(error) or any(key in str(error) for key in path[1:] if isinstance(key, str)), str(error)
        assert len(str(error)) < 20_000
    else:
        assert all(math.isfinite(one) and abs(one) < 2**32 for one in numbers(found.model_dump(mode="json")))
