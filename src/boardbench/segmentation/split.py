"""Which scenes train, validate and test. All conditions of a scene stay together."""

from pathlib import Path

import pandas as pd

from boardbench.captures.sheet import read_sheet
from boardbench.files import atomic_write
from boardbench.params.split import Split
from boardbench.segmentation.data import prove_disjoint
from boardbench.segmentation.scenes import assign, natural


def split(*, sheet: Path, out: Path, params: Split) -> None:
    """Assign every capture of the sheet to train, validation, test or unused.

    Protocol ``grouped`` shuffles the scenes (not the captures) by seed; ``listed`` takes lists of scenes from
    params or from a YAML file with train, validation, test and, if wanted, unused (other keys of that file
    are not read); ``pcbvision`` takes the data set's own lists (18, 3 and 30 boards; 4 and 35 unused) and finds
    scenes by the number at the end of their names. Scenes in no part are written as ``unused``. The order of the
    sheet's rows has no influence.

    Args:
        sheet: captures.csv.
        out: split.csv with columns scene, condition, part; proven disjoint by scene before it is written.
        params: section ``segmentation.split``.

    Raises:
        BoardbenchError: too few scenes, unknown scene, scene listed twice, empty part.
    """
    captures = sorted(
        ((capture.scene, capture.condition) for capture in read_sheet(sheet)),
        key=lambda capture: (natural(capture[0]), natural(capture[1])),
    )
    lists = assign((scene for scene, _ in captures), sheet, params)
    part_of = {scene: part for part, names in lists.items() for scene in names}
    table = pd.DataFrame(
        [(scene, condition, part_of.get(scene, "unused")) for scene, condition in captures],
        columns=["scene", "condition", "part"],
    )
    prove_disjoint(table)
    with atomic_write(out, record=True) as beside:
        table.to_csv(beside, index=False, lineterminator="\n")
