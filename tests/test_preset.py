import shutil
from pathlib import Path

import pytest
import yaml

from boardbench.errors import BoardbenchError
from boardbench.params.params import load_params
from boardbench.params.preset import preset

ROOT = Path(__file__).parents[1]
TINY = ROOT / "workflow/presets/tiny.yaml"


@pytest.fixture
def params(tmp_path):
    return Path(shutil.copy(ROOT / "params.yaml", tmp_path))


def test_a_preset_in_params_yaml_is_what_configfile_gives_and_comments_stay(params):
    preset(overlay=TINY, params=params)
    assert load_params(yaml.safe_load(params.read_text())) == load_params(yaml.safe_load(TINY.read_text()))
    before, after = ((ROOT / "params.yaml").read_text(), params.read_text())
    assert after.count("#") > 0.9 * before.count("#")
    assert "  training:\n    epochs: 2 " in after and "# at most" in after


def test_what_a_preset_does_not_name_stays_as_it_was(params, tmp_path):
    params.write_text(params.read_text().replace("seeds: [0]", "seeds: [3]", 1))
    overlay = tmp_path / "one.yaml"
    overlay.write_text("segmentation: {training: {epochs: 4}}\n")
    preset(overlay=overlay, params=params)
    found = load_params(yaml.safe_load(params.read_text())).segmentation
    assert (found.training.epochs, found.training.batch_size, found.seeds) == (4, 2, [3])
    changed = set(params.read_text().splitlines()) - set((ROOT / "params.yaml").read_text().splitlines())
    assert len(changed) == 2


@pytest.mark.parametrize(
    ("text", "named"),
    [("segmentation: {epoch: 4}", "segmentation.epoch"), ("[1]", "no keys"), ("a: [", "YAML"), (None, "no such file")],
)
def test_a_wrong_preset_is_named_and_changes_nothing(params, tmp_path, text, named):
    before, overlay = params.read_bytes(), tmp_path / "wrong.yaml"
    if text is not None:
        overlay.write_text(text)
    with pytest.raises(BoardbenchError, match=named):
        preset(overlay=overlay, params=params)
    assert params.read_bytes() == before
