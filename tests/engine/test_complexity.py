import pandas as pd
import pytest
import torch
from torch import nn

from boardbench.engine.complexity import count, flops
from boardbench.errors import BoardbenchError
from boardbench.params.segmentation import Complexity
from boardbench.segmentation import backbones, reduction
from boardbench.segmentation.complexity import COLUMNS, by_network, complexity

NAMES = ["unet", "attention_unet", "resunet"]
STRATEGIES = ["full", "pca3", "scrb"]
# Paper 1, table 5, GMACs at 640 x 640; its other five rows hold no network that this input can have.
PUBLISHED = {
    ("unet", "full"): 392.12,
    ("resunet", "full"): 606.03,
    ("attention_unet", "scrb"): 428.57,
    ("resunet", "scrb"): 518.06,
}
PROJECTION = 2 * 3 * 214 * 640 * 640 / 1e9  # the PCA rows hold it, at 2 a MAC


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    out = tmp_path_factory.mktemp("complexity") / "complexity.csv"
    complexity(out=out, backbones=NAMES, strategies=STRATEGIES, classes=4, params=Complexity())
    return pd.read_csv(out)


def gmacs(table, backbone, strategy, column):
    return table.set_index(["backbone", "strategy"]).loc[(backbone, strategy), column]


@pytest.fixture(scope="module")
def every(tmp_path_factory):
    out = tmp_path_factory.mktemp("complexity") / "complexity.csv"
    params = Complexity(size=(96, 64), bands=50)
    complexity(out=out, backbones=backbones.names(), strategies=reduction.names(), classes=4, params=params)
    return pd.read_csv(out)


def test_columns_and_order_of_rows(table):
    assert tuple(table.columns) == COLUMNS
    assert list(zip(table.backbone, table.strategy, strict=True)) == [(b, s) for b in NAMES for s in STRATEGIES]


@pytest.mark.parametrize(("cell", "published"), PUBLISHED.items())
def test_published_gmacs_to_the_digit(table, cell, published):
    assert f"{gmacs(table, *cell, 'gmacs_published_convention'):.2f}" == f"{published:.2f}"


@pytest.mark.parametrize(("backbone", "published"), [("unet", 342.86), ("resunet", 506.99)])
def test_published_pca_rows_are_ours_with_the_projection_at_two_a_mac(table, backbone, published):
    assert round(gmacs(table, backbone, "pca3", "gmacs_published_convention") + PROJECTION, 2) == published


@pytest.mark.parametrize(("backbone", "today"), [("unet", 351.85), ("resunet", 545.63)])
def test_gmacs_of_ptflops_as_it_is(table, backbone, today):
    assert round(gmacs(table, backbone, "full", "gmacs"), 2) == today


def test_the_countings_differ_only_where_there_are_transposed_convolutions(table):
    same = table.gmacs == table.gmacs_published_convention
    assert list(same) == [name == "attention_unet" for name in table.backbone]


def test_parameters_in_millions(table):
    assert [round(value, 3) for value in table.params_millions] == [
        *(31.159, 31.038, 31.066),
        *(35.0, 34.879, 34.907),
        *(13.286, 13.043, 13.071),
    ]


def test_the_reduction_outside_the_network_is_counted_beside_it(table):
    assert table.gmacs_reduction[1] == 0.263  # 3 * 214 * 640 * 640, with four decimals
    assert table.gmacs_reduction[[0, 2]].isna().all()


def test_reductions_of_every_strategy(every):
    rows = every[every.backbone == "unet"].set_index("strategy").gmacs_reduction
    projection = 3 * 50 * 96 * 64 / 1e9
    for name, gmacs_reduction in rows.items():
        plan = reduction.get(name)
        if not plan.fitted:
            assert pd.isna(gmacs_reduction)
        else:
            assert gmacs_reduction == pytest.approx(projection if plan.projects else 0, abs=5e-5)
    assert {"full", "pca3", "scrb"} <= set(rows.index)


def test_every_network_does_little_besides_convolutions(every):
    # Would also show a function that ptflops counts wrongly on meta: bilinear upsampling once was 5 %.
    besides = (every.gmacs - every.gflops / 2) / every.gmacs
    # Depthwise convolutions are so cheap that normalization and ReLU weigh more beside them.
    cheap = every.backbone == "mobile_unet"
    assert besides[~cheap].between(0, 0.03).all() and besides[cheap].between(0, 0.06).all(), besides


def test_strategies_with_the_same_network_have_the_same_costs(every):
    costs = every.drop(columns=["strategy", "gmacs_reduction"])
    plans = every.strategy.map(reduction.get)
    same = costs[[plan.fitted and plan.components == 3 for plan in plans]].groupby("backbone").nunique()
    assert (same == 1).all(axis=None)
    assert costs.groupby("backbone").gmacs.nunique().min() >= 3


def test_equal_networks_are_examined_once():
    asked = []
    rows = by_network(lambda *names: asked.append(names) or names, ["unet"], ["full", "pca3", "scrb", "pca3"], 214)
    assert asked == [("unet", "full"), ("unet", "pca3"), ("unet", "scrb")]
    assert list(rows) == asked
    assert by_network(lambda *names: names, ["unet"], ["full", "pca3"], 3)["unet", "pca3"] == ("unet", "full")


@pytest.mark.parametrize(("cell", "gflops"), [(("unet", "full"), 701.81), (("resunet", "pca3"), 888.88)])
def test_flops_of_the_table(table, cell, gflops):
    assert round(gmacs(table, *cell, "gflops"), 2) == gflops


def test_activations_of_the_table_by_hand(table):
    # U-Net, where the last decoder joins: the image, and at 640 x 640 two parts of 64 and their 128 channels beside
    # the 128 channels at 320 x 320 that one part came from.
    mib = 640 * 640 * 4 / 2**20
    for strategy, channels in (("full", 214), ("pca3", 3)):
        peak = (channels + 64 + 64 + 128 + 128 / 4) * mib
        assert gmacs(table, "unet", strategy, "activations_inference_mib") == pytest.approx(peak, abs=1e-4)
    assert (table.activations_training_mib > 2 * table.activations_inference_mib).all()


def test_a_convolution_by_hand():
    # 3x3, 2 -> 5 channels over 8 x 6 outputs, and a bias at each output.
    macs = 9 * 2 * 5 * 8 * 6 + 5 * 8 * 6
    assert count(nn.Conv2d(2, 5, 3, padding=1), 2, (8, 6)) == (macs, macs, 9 * 2 * 5 + 5)


def test_a_transposed_convolution_by_hand():
    # 2x2 at stride 2, 4 -> 3 channels: 8 x 6 inputs give 2 x 2 outputs each; the old counting took 16 x 12.
    layer = nn.ConvTranspose2d(4, 3, 2, stride=2)
    bias = 3 * 16 * 12
    assert count(layer, 4, (8, 6)) == (4 * 3 * 4 * 8 * 6 + bias, 4 * 3 * 4 * 16 * 12 + bias, 4 * 3 * 4 + 3)


def test_flops_by_hand():
    # Two a MAC, without biases; a transposed convolution at its input size; a linear layer on every pixel.
    assert flops(nn.Conv2d(2, 5, 3, padding=1), 2, (8, 6)) == 2 * 9 * 2 * 5 * 8 * 6
    assert flops(nn.ConvTranspose2d(4, 3, 2, stride=2), 4, (8, 6)) == 2 * 4 * 3 * 4 * 8 * 6
    assert flops(nn.Sequential(nn.Conv2d(4, 6, 1, groups=2), nn.BatchNorm2d(6)), 4, (8, 6)) == 2 * 2 * 6 * 8 * 6
    assert flops(nn.Linear(6, 7), 2, (8, 6)) == 2 * 6 * 7 * 2 * 8


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
def test_upsampling_counts_alike_in_all_modes(mode):
    # ptflops: each output once as a module and once as the function that it hands on to. Weights put it on meta.
    network = nn.Sequential(nn.Conv2d(3, 3, 1, bias=False), nn.Upsample(scale_factor=4, mode=mode))
    assert count(network, 3, (8, 6))[0] == 3 * 3 * 8 * 6 + 2 * 3 * 32 * 24


def test_counting_leaves_the_network_as_it_is():
    network = backbones.get("unet")(3, 2, width=2)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    attributes = set(vars(network))
    count(network, 3, (16, 16))
    assert network.training and set(vars(network)) == attributes
    assert all(torch.equal(value, network.state_dict()[name]) for name, value in before.items())


def test_gmacs_grow_with_the_area(tmp_path):
    rows = []
    for size in ((32, 32), (64, 32)):
        complexity(
            out=tmp_path / "c.csv",
            backbones=["resunet"],
            strategies=["full"],
            classes=3,
            params=Complexity(size=size, width=16, bands=30),
        )
        rows.append(pd.read_csv(tmp_path / "c.csv").gmacs[0])
    assert rows[1] == pytest.approx(2 * rows[0], rel=1e-2)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"backbones": ["unett"]}, "unknown backbone 'unett'. Did you mean 'unet'?"),
        ({"strategies": ["full", "srcb"]}, "unknown strategy 'srcb'. Did you mean 'scrb'?"),
        ({"backbones": []}, "c.csv: nothing to count. Give --backbones"),
        ({"classes": 1}, "c.csv: --classes is 1; a segmentation has at least 2 classes"),
    ],
)
def test_bad_input_is_named_and_leaves_no_table(tmp_path, changed, message):
    given = {"backbones": ["unet"], "strategies": ["full"], "classes": 4, **changed}
    with pytest.raises(BoardbenchError) as error:
        complexity(out=tmp_path / "c.csv", params=Complexity(size=(16, 16), width=1, bands=4), **given)
    assert message in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_network_that_refuses_its_input_says_why(capsys):
    from boardbench.segmentation import build_network

    with pytest.raises(BoardbenchError, match=r"8 lines x 64 samples"):
        count(build_network("unet", "full", in_bands=4, width=1), 4, (8, 64))
    assert capsys.readouterr().out == ""
