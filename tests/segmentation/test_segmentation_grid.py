"""The runs that params ask for, by hand."""

import pytest

from boardbench.params.segmentation import Segmentation
from boardbench.segmentation import grid


def study(**changes):
    given = {
        "backbones": ["unet", "resunet"],
        "strategies": ["full", "pca3"],
        "seeds": [4, 1],
        "baselines": ["lda"],
        "pruning": [
            {"name": "half", "runs": ["unet-full"], "epochs": 1, "learning_rate": 0.1},
            {"name": "all", "epochs": 1, "learning_rate": 0.1},
        ],
    }
    return Segmentation.model_validate(given | changes)


def test_every_run_in_table_order():
    one = study(backbones=["unet"])
    runs = ["unet-full-seed4", "unet-full-seed1", "unet-pca3-seed4", "unet-pca3-seed1"]
    assert grid.trained_runs(one) == runs
    assert len(grid.trained_runs(study())) == 8
    assert grid.baseline_runs(one) == ["lda-none-seed0"]
    pruned = ["half/unet-full-seed4", "half/unet-full-seed1", *(f"all/{run}" for run in runs)]
    assert grid.pruned_runs(one) == pruned
    assert grid.fitted_strategies(one) == ["pca3"]
    assert grid.normalized_runs(one) == []
    compared = study(backbones=["unet"], normalization={"compare": ["none", "standardize", "minmax", "none"]})
    leaking = study(backbones=["unet"], split={"compare": ["pixels", "pixels"], "audit": True})
    assert grid.audited_runs(one) == [] and grid.audited_runs(leaking) == [f"pixels/{run}" for run in runs]
    assert grid.normalized_runs(compared) == [f"{method}/{run}" for method in ("none", "minmax") for run in runs]


def test_of_several_seeds_the_first_goes_to_the_line():
    plain = ["runs/unet-full-seed4", "runs/unet-pca3-seed4"]
    pruned = ["pruned/half/unet-full-seed4", "pruned/all/unet-full-seed4", "pruned/all/unet-pca3-seed4"]
    assert grid.exported_runs(study(backbones=["unet"])) == plain + pruned


@pytest.mark.parametrize(
    ("changes", "exported"),
    [
        ({"deployment": {"precisions": []}}, []),
        ({"normalization": {"fit": "cube"}}, []),
        ({"split": {"protocol": "pixels", "audit": True}}, []),
        ({"normalization": {"fit": "cube", "method": "none"}}, ["runs/unet-full-seed4", "runs/unet-pca3-seed4"]),
        ({"reflectance": {"board_mask": True}}, []),
        ({"reflectance": {"resize": "area"}}, []),
        ({"reflectance": {"resize": "area", "size": None}}, ["runs/unet-full-seed4", "runs/unet-pca3-seed4"]),
        ({"reduction": {"fit": "cube"}}, ["runs/unet-full-seed4"]),
        ({"strategies": ["full", "pca3_cube"]}, ["runs/unet-full-seed4"]),
    ],
)
def test_what_needs_its_own_capture_stays(changes, exported):
    assert grid.exported_runs(study(backbones=["unet"], pruning=[], **changes)) == exported
