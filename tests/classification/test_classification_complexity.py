"""What runs cost, against numbers by hand for LeNet-5."""

import pandas as pd
import pytest
import torch

from boardbench.classification.complexity import COLUMNS, complexity
from boardbench.classification.model import Model, network_of, save
from boardbench.classification.normalization import Normalization
from boardbench.engine.modelfile import write_model
from boardbench.params.networks import Training


def lenet(folder, name="lenet", pruning=None, zeros=False, dataset="toy", seed=0):
    settings = Training(network="lenet").model_dump(mode="json")
    torch.manual_seed(seed)
    network = network_of(settings, (32, 32, 3), 10).eval()
    if zeros:
        with torch.no_grad():
            convolutions = [layer for layer in network.modules() if isinstance(layer, torch.nn.Conv2d)]
            dense = [layer for layer in network.modules() if isinstance(layer, torch.nn.Linear)]
            convolutions[1].weight[0] = 0  # 6 x 5 x 5 weights, 10 x 10 pixels each
            dense[0].weight[:60] = 0  # half of 400 x 120
    scaled = Normalization("standardize", 120.0, 60.0)
    model = Model(network, name, seed, dataset, [*"0123456789"], (32, 32, 3), scaled, settings, pruning)
    save(model, folder / "model.pt")
    return folder


def test_lenet_by_hand(tmp_path):
    runs = [lenet(tmp_path / "dense"), lenet(tmp_path / "zeros", pruning={"name": "half"}, zeros=True)]
    complexity(runs=runs, out=tmp_path / "complexity.csv")
    table = pd.read_csv(tmp_path / "complexity.csv", keep_default_na=False)
    assert tuple(table) == COLUMNS
    assert table[["name", "pruning", "seed", "network"]].to_numpy().tolist() == [
        ["lenet", "", 0, "lenet"],
        ["lenet", "half", 0, "lenet"],
    ]
    assert table["parameters"].tolist() == [62006, 62006]
    assert table["parameters_nonzero"].tolist() == [62006, 62006 - 150 - 24000]
    # 28^2 x 6 x 75 + 10^2 x 16 x 150 + 400 x 120 + 120 x 84 + 84 x 10, and up to 15 % by the tool's habits.
    assert table["gmacs"][0] == table["gmacs"][1] == table["gmacs_effective"][0]
    assert 651_720e-9 < table["gmacs"][0] < 1.15 * 651_720e-9
    saved = table["gmacs"][1] - table["gmacs_effective"][1]
    assert saved == pytest.approx((150 * 100 + 24000) / 1e9, abs=1e-12)
    assert table["bytes"].tolist() == [62006 * 4] * 2
    dense, zeros = table["bytes_compressed"]
    assert 0.85 * 62006 * 4 < dense < 62006 * 4 and zeros < 0.65 * dense


def test_the_same_runs_give_the_same_table(tmp_path):
    runs = [lenet(tmp_path / "one"), lenet(tmp_path / "two", seed=1)]
    for name in ("first", "second"):
        complexity(runs=runs, out=tmp_path / name)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_bad_input_is_named_and_leaves_no_table(tmp_path, says):
    run, out = lenet(tmp_path / "one"), tmp_path / "c.csv"
    says(lambda: complexity(runs=[], out=out), "c.csv", "--runs")
    says(lambda: complexity(runs=[run, run / "model.pt"], out=out), "one/model.pt", "same name", "Give each of --runs")
    other = lenet(tmp_path / "other", dataset="digits")
    says(lambda: complexity(runs=[run, other], out=out), "other: dataset is 'digits'", "'toy'", "--runs")
    (tmp_path / "empty").mkdir()
    says(lambda: complexity(runs=[run, tmp_path / "empty"], out=out), "empty/model.pt: no such model")
    write_model({"study": "placement"}, tmp_path / "empty/model.pt")
    says(lambda: complexity(runs=[tmp_path / "empty"], out=out), "placement", "not of classification")
    assert not out.exists()
