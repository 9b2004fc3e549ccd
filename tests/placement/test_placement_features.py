"""Features that begin as those of a classification run."""

import hashlib
import json

import pytest
import torch

from boardbench.classification.model import Model, save
from boardbench.classification.networks import build_network
from boardbench.classification.normalization import Normalization
from boardbench.networks.efficientnet_lite0 import EfficientNetLite0
from boardbench.networks.mobilenet_v2 import IMAGENET, MobileNetV2
from boardbench.params.placement import Training
from boardbench.placement.features import features, load_features
from boardbench.placement.network import preprocess

WIDTH = 0.1
SLIM = [[1, 16, 1, 1], [6, 24, 2, 1], [6, 32, 3, 2]]
NORMALIZATION = Normalization("standardize", 120.0, 60.0)


def parent(folder, pruning=None, channels=3, normalization=NORMALIZATION, **changes):
    """Write the run of a MobileNetV2 (or another network) with statistics of its own; return its folder and network."""
    settings = {"network": "mobilenet_v2", "width": WIDTH, "stem": "cifar", "reduction": 16, "settings": None} | changes
    torch.manual_seed(3)
    network = build_network(classes=4, in_channels=channels, **settings)
    for key, value in network.state_dict().items():
        if key.endswith("running_mean"):
            value.uniform_(-0.5, 0.5)
    save(
        Model(
            network=network.eval(),
            name="parent",
            seed=0,
            dataset="toy",
            classes=["a", "b", "c", "d"],
            size=(32, 32, channels),
            normalization=normalization,
            settings=settings,
            pruning=pruning,
        ),
        folder / "model.pt",
    )
    return folder, network


def taken(samples, tmp_path, weights, frozen=False, **changes):
    out = tmp_path / "weights.pt"
    params = Training(**{"width": WIDTH, "weights": str(weights)} | changes)
    features(samples=samples, out=out, frozen=frozen, params=params)
    return load_features(out)[:2], json.loads(out.with_suffix(".json").read_text())


def test_features_are_those_of_the_run(samples, tmp_path):
    run, network = parent(tmp_path / "run")
    for source in (run, run / "model.pt", f"file://{run}/model.pt"):
        (state, computed), metadata = taken(samples, tmp_path, source, frozen=True)
        given = network.features.state_dict()
        assert list(state) == list(given)
        differ = [key for key in state if not torch.equal(state[key], given[key])]
        assert differ == ["0.0.weight", "0.1.running_mean"]
        assert computed.shape == (24, 1280, 1, 1)
        assert metadata["weights"] == str(source)
        assert metadata["weights_sha256"] == hashlib.sha256((run / "model.pt").read_bytes()).hexdigest()


@pytest.mark.parametrize("normalization", [NORMALIZATION, Normalization("minmax", 3.0, 250.0)])
def test_first_layer_sees_what_it_learnt(normalization, samples, tmp_path):
    run, network = parent(tmp_path / "run", normalization=normalization, stem="imagenet")
    (state, _), _ = taken(samples, tmp_path, run)
    here = MobileNetV2(width=WIDTH).features
    here.load_state_dict(state)
    images = torch.randint(0, 256, (2, 32, 32, 3), dtype=torch.uint8)
    there = ((images - normalization.offset) / normalization.scale).permute(0, 3, 1, 2)
    with torch.inference_mode():
        learnt, found = network.features[0](there), here.eval()[0](preprocess(images))
        # The edge sees zeros, another gray.
        torch.testing.assert_close(found[:, :, 1:, 1:], learnt[:, :, 1:, 1:], atol=1e-4, rtol=1e-4)
        assert learnt.std() > 0.1
        assert not torch.allclose(network.features[0](preprocess(images)), learnt, atol=0.05)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"width": 0.2}, ["width 0.2 there, 0.1 here", "training.width"]),
        ({"network": "resnet18"}, ["network resnet18 there, mobilenet_v2 here"]),
        ({"settings": SLIM}, ["settings, row 2: [6, 24, 2, 1] there, [6, 24, 2, 2] here"]),
        ({"settings": [list(row) for row in IMAGENET[:6]]}, ["row 7: none there, [6, 320, 1, 1] here"]),
        ({"settings": [*map(list, IMAGENET), [6, 320, 1, 1]]}, ["row 8: [6, 320, 1, 1] there, none here"]),
        ({"channels": 1}, ["channels 1 there, 3 here", "color"]),
        ({"pruning": {"name": "half"}}, ["it is pruned"]),
        ({"network": "resnet18", "width": 0.2}, ["network resnet18 there", "width 0.2 there"]),
    ],
)
def test_runs_of_another_network(changes, words, samples, tmp_path, says):
    run, _ = parent(tmp_path / "run", **changes)
    message = says(lambda: taken(samples, tmp_path, run), run / "model.pt", "another network", *words)
    assert message.count("row ") == sum("row " in word for word in words)
    assert not (tmp_path / "weights.pt").exists()


def test_published_settings_written_out_are_none(samples, tmp_path):
    run, _ = parent(tmp_path / "run", settings=[list(row) for row in IMAGENET])
    assert taken(samples, tmp_path, run)[1]["weights"] == str(run)


def test_no_run(samples, tmp_path, says):
    (tmp_path / "empty").mkdir()
    says(lambda: taken(samples, tmp_path, tmp_path / "empty"), tmp_path / "empty/model.pt", "no such model")
    says(lambda: taken(samples, tmp_path, tmp_path / "absent"), tmp_path / "absent", "no such file", "weights", "run")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/model.pt").write_bytes(b"PK\x03\x04 cut")
    says(lambda: taken(samples, tmp_path, tmp_path / "broken"), "broken/model.pt", "not a model of boardbench")
    (tmp_path / "other").mkdir()
    torch.save({"study": "placement"}, tmp_path / "other/model.pt")
    says(lambda: taken(samples, tmp_path, tmp_path / "other"), "other/model.pt", "placement study")
    torch.save({"study": "classification", "settings": {}}, tmp_path / "other/model.pt")
    says(lambda: taken(samples, tmp_path, tmp_path / "other"), "other/model.pt", "not a model of boardbench")


def test_checksum_is_of_published_weights(samples, tmp_path, says):
    run, _ = parent(tmp_path / "run")
    says(
        lambda: taken(samples, tmp_path, run, checksum="sha256:01234567"),
        *(run / "model.pt", "training.checksum", "null"),
    )


def test_lite0_sees_counts_as_its_published_weights_expect_them(samples, tmp_path):
    torch.manual_seed(0)
    published = EfficientNetLite0(width=WIDTH).eval()
    published.features[0][2].running_mean.uniform_(-1, 1)
    torch.save(published.state_dict(), tmp_path / "lite0.pth")
    source = tmp_path / "lite0.pth"
    (state, _), metadata = taken(samples, tmp_path, source, backbone="efficientnet_lite0")
    assert (metadata["backbone"], metadata["weights"]) == ("efficientnet_lite0", str(source))
    here = EfficientNetLite0(width=WIDTH).features
    here.load_state_dict(state)
    images = torch.randint(0, 256, (2, 32, 32, 3), dtype=torch.uint8)
    with torch.inference_mode():
        learnt = published.features[0](((images.float() - 127) / 128).permute(0, 3, 1, 2))
        found = here.eval()[0](preprocess(images))
    # TensorFlow's padding: the edge with another gray is below and to the right.
    torch.testing.assert_close(found[..., :-1, :-1], learnt[..., :-1, :-1], atol=1e-4, rtol=1e-4)
    assert learnt.std() > 0.1


def test_a_run_of_mobilenet_is_none_of_lite0(samples, tmp_path, says):
    run, _ = parent(tmp_path / "run")
    says(
        lambda: taken(samples, tmp_path, run, backbone="efficientnet_lite0"),
        *(run / "model.pt", "network mobilenet_v2 there, efficientnet_lite0 here", "training.backbone"),
    )
