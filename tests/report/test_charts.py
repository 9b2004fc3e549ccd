"""The charts that all studies share."""

import pandas as pd

from boardbench.report.charts import curves_figure


def test_training_curves_have_a_column_a_group_and_a_colour_a_run(tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    seen, save = [], Figure.savefig
    monkeypatch.setattr(
        Figure, "savefig", lambda figure, *given, **how: (seen.append(figure), save(figure, *given, **how))
    )
    frame = pd.DataFrame(
        {"epoch": [0, 1], "train_loss": [3, 1], "validation_loss": [4, 2], "validation_iou": [0.1, 0.5]}
    )
    histories = [("U-Net", "SCRB", frame), ("U-Net", "all bands", frame), ("ResU-Net", "SCRB", frame)]
    for name in "ab":
        curves_figure(histories, tmp_path / f"{name}.svg", "iou", "mean IoU", log=(True, False))
    (loss, other, iou, _), figure = seen[0].axes, seen[0]
    assert [axes.get_title() for axes in (loss, other)] == ["U-Net", "ResU-Net"]
    drawn = [(line.get_linestyle(), line.get_ydata().tolist()) for line in loss.lines if len(line.get_ydata())]
    assert drawn == [(":", [3, 1]), ("-", [4, 2])] * 2 and len(other.lines) == 2
    assert iou.get_ylim() == (0, 1) and loss.get_yscale() == "log"
    hues = [line.get_color() for line in loss.lines[:4]]
    assert hues[0] == hues[1] != hues[2] == hues[3] and other.lines[0].get_color() == hues[0]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "SCRB",
        "all bands",
        "validation",
        "training",
    ]
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
