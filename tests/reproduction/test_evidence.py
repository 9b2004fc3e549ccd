import re
from pathlib import Path

import pytest

from boardbench.errors import BoardbenchError
from boardbench.reproduction.reproduction import reproduction

PUBLISHED = Path(__file__).parents[2] / "reports" / "published"


# sensor_fx10.csv holds no published number: the step that measures the simulated camera reads it.
@pytest.mark.parametrize("name", sorted({path.name for path in PUBLISHED.iterdir()} - {"sensor_fx10.csv"}))
def test_a_missing_published_file_is_named(reports, name):
    (reports / "published" / name).unlink()
    with pytest.raises(BoardbenchError, match=rf"{re.escape(name)}: no such file.*git checkout"):
        reproduction(reports=reports)
    assert not (reports / "tables/reproduction.csv").exists()


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("segmentation_scores.csv", "metric", "kind", "column metric is missing"),
        ("segmentation_scores.csv", "0.95,0.75,0.57", "0.95,x,0.57", "ic of unet, full is 'x', not in"),
        ("segmentation_scores.csv", "0.95,0.75,0.57", "0.95,1.75,0.57", "ic of unet, full is '1.75', not in"),
        ("segmentation_scores.csv", "0.95,0.75,0.57", "0.95,0.57", "line 2 has not 9 fields"),
        ("segmentation_scores.csv", "unet,full,iou", "unet,full,f1", "line 11: unet, full, f1 stands there twice"),
        ("segmentation_scores.csv", "paper 1 tables 3 and 6", "somewhere", "line 2: source 'somewhere' is no"),
        ("segmentation_complexity.csv", "392.12", "many", "gmacs_published of unet, full is 'many', not a number"),
        ("segmentation_confusion_logs.yaml", "11003934, ", "", "unet-pca3 is no <backbone>-<strategy> with 4 x 4"),
        ("segmentation_confusion_logs.yaml", "11003934", "-11003934", "unet-pca3 is no <backbone>-<strategy>"),
        ("segmentation_confusion_logs.yaml", "[11003934", "[[11003934", "not valid YAML"),
        ("pcbvision_scenes.yaml", "train: [", "training: [", "train is missing"),
        ("claims.csv", "48 GB", "", "value of claim 'p1-gpu' is empty"),
        (
            "claims.csv",
            ",no record published",
            ",lost",
            "reason of claim p1-environment is 'lost', none of: needs a GPU",
        ),
        ("author_runs.csv", ",2.301521", ",low", "last_loss of results_fc_3layers_lr0.001_xavier.json, numpy_fc3 is"),
        ("author_runs.csv", "lr0.001_he.json", "lr0.001_xavier.json", "xavier.json, test stands there twice"),
        ("segmentation_complexity_poster.csv", "353.93", "?", "gmacs of unet, scrb is '?', not a number"),
        ("claims.csv", "p1-scenes,", "p1-gpu,", "p1-gpu stands there twice"),
        ("cifar10_efficiency.csv", "93.2", "high", "accuracy_percent of resnet18, 11.7 is 'high', not a number"),
    ],
)
def test_damage_is_named_with_file_field_and_remedy(reports, name, old, new, words, edit):
    edit(name, old, new)
    with pytest.raises(BoardbenchError) as error:
        reproduction(reports=reports)
    message = str(error.value)
    assert name in message and words in message and "git checkout" in message
