import json

import pytest

from boardbench.errors import BoardbenchError
from boardbench.reproduction.evidence import read_evidence
from boardbench.reproduction.ours import BOARDS, COMMANDS
from boardbench.reproduction.reproduction import reproduction

PER_CLASS = """\
dataset,backbone,strategy,seed,class,f1,iou
pcbvision,unet,full,0,ic,0.7000,0.5000
pcbvision,unet,full,1,ic,0.8000,0.6000
pcbvision,unet,pca3,0,ic,0.4000,0.2000
pcbvision,unet,pca3_cube,0,ic,0.3000,0.1000
"""
MEAN = """\
dataset,backbone,strategy,seeds,miou,miou_sd,mf1,mf1_sd
pcbvision,unet,full,2,0.5500,0.0707,0.6500,0.0100
pcbvision,unet,pca3,1,0.4000,,0.4100,
pcbvision,unet,pca3_cube,1,0.3000,,0.3100,
"""


REDUCTION = "strategy,explained_variance_percent\npca3,98.70\n"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def boards(reports):
    """Publish the study on PCB-Vision, or on other data under its name."""

    def publish(source="pcbvision"):
        texts = {
            "about.json": json.dumps({"dataset": "toy", "source": source, "label": "x"}),
            "segmentation_per_class.csv": PER_CLASS,
        }
        texts |= {"segmentation_mean.csv": MEAN, "segmentation_reduction.csv": REDUCTION}
        for name, text in texts.items():
            write(reports / "tables/pcbvision" / name, text)

    return publish


def test_our_scores_come_from_the_boards_alone(boards, one):
    boards("simulate")
    assert one("table 4", "unet full iou ic")["ours"] == ""
    boards()
    row = one("table 4", "unet full iou ic")
    # Seeds 0.5 and 0.6: mean 0.55, standard deviation 0.1 / sqrt 2.
    assert (row["ours"], row["command"]) == ("0.5500 (n = 2, sd 0.0707)", COMMANDS[BOARDS])
    assert one("table 6", "unet full f1 mean")["ours"] == "0.6500 (n = 2, sd 0.0100)"
    assert one("table 4", "unet scrb iou ic")["ours"] == ""
    assert one("2.2.2", "p1-pca-variance")["verdict"] == "matches"


def test_pca_cube_by_cube_stands_first(reports, boards, one, edit):
    boards()
    assert one("table 4", "unet pca3 iou ic")["ours"] == "0.1000 (pca3_cube)"
    path = reports / "tables/pcbvision/segmentation_per_class.csv"
    path.write_text(path.read_text().replace("pcbvision,unet,pca3_cube,0,ic,0.3000,0.1000\n", ""))
    edit("tables/pcbvision/segmentation_mean.csv", "pcbvision,unet,pca3_cube,1,0.3000,,0.3100,\n", "")
    assert one("table 4", "unet pca3 iou ic")["ours"] == "0.2000"


def test_strategies_that_pick_bands_keep_no_variance(reports, boards):
    boards()
    with (reports / "tables/pcbvision/segmentation_reduction.csv").open("a") as file:
        file.write("bands3,\n")
    assert read_evidence(reports).variance == {"pca3": 98.7}


def test_a_grid_that_counts_only_some_of_the_papers_cells_judges_no_sentence_by_them(reports, counted, one):
    """One who runs U-Net alone has published its row only; the table is written all the same."""
    path = reports / "tables/toy/segmentation_complexity.csv"
    path.write_text("".join(counted.splitlines(keepends=True)[:3]))
    reproduction(reports=reports)
    assert one("table 5", "unet pca3 gmacs")["verdict"] == "not run"
    assert one("2.2 table 1; 2.2.2", "p1-pca-components")["verdict"] == "not run"


def test_two_counts_that_differ_are_named(reports, counted):
    write(reports / "tables/zoo/segmentation_complexity.csv", counted.replace("392.1199", "391.0"))
    with pytest.raises(BoardbenchError, match=r"zoo.*unet, full was counted as .*391\.0.*publish"):
        reproduction(reports=reports)


def test_a_count_that_is_no_number_is_named(reports, counted):
    write(reports / "tables/toy/segmentation_complexity.csv", counted.replace("392.1199", "many"))
    with pytest.raises(
        BoardbenchError, match=r"toy.segmentation_complexity\.csv: .*unet, full is not a number.*tables"
    ):
        reproduction(reports=reports)


def test_other_data_and_other_studies_stand_beside_nothing(reports, networks):
    networks.publish("digits", about=networks.about | {"cifar10": False})
    networks.publish("boards", about={"study": "segmentation", "dataset": "boards", "source": "simulate", "label": "x"})
    networks.publish("empty", **dict.fromkeys(networks.tables, ""))
    assert read_evidence(reports).trained == []


def test_a_broken_table_names_file_and_column(reports, says, networks):
    networks.publish(latency="name,pruning\n")
    says(lambda: read_evidence(reports), "classification_latency.csv: column network", "classification tables")
