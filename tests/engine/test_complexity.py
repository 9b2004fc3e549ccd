import pandas as pd
import pytest
import torch
from torch import nn

from boardbench.engine.complexity import count
from boardbench.errors import BoardbenchError
from boardbench.params import Complexity
from boardbench.segmentation import backbones
from boardbench.segmentation.complexity import COLUMNS, complexity

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


def test_a_convolution_by_hand():
    # 3x3, 2 -> 5 channels over 8 x 6 outputs, and a bias at each output.
    macs = 9 * 2 * 5 * 8 * 6 + 5 * 8 * 6
    assert count(nn.Conv2d(2, 5, 3, padding=1), 2, (8, 6)) == (macs, macs, 9 * 2 * 5 + 5)


def test_a_transposed_convolution_by_hand():
    # 2x2 at stride 2, 4 -> 3 channels: 8 x 6 inputs give 2 x 2 outputs each; the old counting took 16 x 12.
    layer = nn.ConvTranspose2d(4, 3, 2, stride=2)
    bias = 3 * 16 * 12
    assert count(layer, 4, (8, 6)) == (4 * 3 * 4 * 8 * 6 + bias, 4 * 3 * 4 * 16 * 12 + bias, 4 * 3 * 4 + 3)


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
