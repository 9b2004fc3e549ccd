"""The simulated camera agrees with a real one wherever the real one's file can tell."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from boardbench.captures.transfer import QUANTITIES, photon_transfer
from boardbench.params.segmentation import Complexity
from boardbench.publish import publish
from boardbench.report.segmentation.camera import NAMES, PUBLISHED, compared, quantities, sensor
from boardbench.report.segmentation.figures import write_figures
from boardbench.report.segmentation.sentences import alike
from boardbench.report.segmentation.tables import write_tables

ROOT = Path(__file__).parents[3]
FILES = ROOT.parent / "shared/data/real/specarray"
SOURCE = (
    "github.com/tgoelles/specarray tests/testdata at 22057f2ac6c8a217752b245d9c0bb8a09a6dfa44 (MIT); "
    "black.nc and white.nc measured by boardbench"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return the path of the table of the default simulated camera."""
    out = tmp_path_factory.mktemp("sensor") / "sensor.csv"
    sensor(seed=2, bands=224, published=ROOT / "reports/published", out=out)
    return out


def read(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def test_everything_that_the_real_file_can_tell_agrees_within_a_tenth(made):
    table = read(made).set_index("quantity")
    judged = table[table["judged"] == "yes"]
    assert list(table.index) == list(NAMES) and set(judged.index) == set(QUANTITIES) - {"line_drift"}
    real, ours = (pd.to_numeric(judged[name]) for name in ("real", "simulated_unbinned"))
    near_zero = ["third_band", "third_sample"]
    assert (ours - real).abs()[near_zero].max() < 0.03
    assert (ours / real).drop(near_zero).to_dict() == pytest.approx(
        dict.fromkeys(judged.index.drop(near_zero), 1), rel=0.1
    )
    assert set(judged["agrees"]) == {"yes"} and (table.loc[table["judged"] == "no", "note"] != "").all()


def test_the_white_along_the_line_agrees_at_every_place(made):
    curves = read(made.with_name("sensor_transfer.csv"))
    white = curves[curves["curve"] == "white"].astype({"y": float}).pivot(index="x", columns="camera", values="y")
    assert len(white) == 17
    assert (white["simulated_unbinned"] / white["real"] - 1).abs().max() < 0.02
    assert curves.groupby(["camera", "curve"]).size().to_dict() == {
        (camera, curve): count
        for camera in ("real", "simulated_unbinned")
        for curve, count in (("transfer", 12), ("line", 2), ("white", 17))
    }


def test_binning_halves_variances(made):
    table = read(made).set_index("quantity")
    for name, factor in (("transfer_slope", 0.5), ("dark_noise", 0.5**0.5), ("dark_level", 1)):
        unbinned, binned = (float(table.loc[name, column]) for column in ("simulated_unbinned", "simulated"))
        assert binned / unbinned == pytest.approx(factor, rel=0.05)


def test_equal_seeds_give_equal_bytes(made, tmp_path):
    sensor(seed=2, bands=224, published=ROOT / "reports/published", out=tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == made.read_bytes()


@pytest.mark.skipif(not FILES.is_dir(), reason=f"{FILES}: the real camera's files are not here")
def test_the_real_cameras_numbers_are_those_of_its_files():
    from scipy.io import netcdf_file

    def counts(name):
        with netcdf_file(FILES / f"{name}.nc", mmap=False) as file:
            (cube,) = (one.data for one in file.variables.values() if one.data.ndim == 3)
            return cube.astype(np.int32)

    nm = np.genfromtxt(FILES / "wavelengths.csv", delimiter=",", skip_header=1)[:, 1]
    again = quantities(photon_transfer(counts("black"), [counts("white")]), nm).assign(source=SOURCE)
    published = read(ROOT / "reports/published" / PUBLISHED)
    words, numbers = ["quantity", "unit", "source"], ["at", "value"]
    assert again[words].equals(published[words])
    for name in numbers:
        ours, theirs = (pd.to_numeric(frame[name]).to_numpy() for frame in (again, published))
        assert ours == pytest.approx(theirs, rel=1e-5, nan_ok=True)


def table_of(**values):
    rows = [(name, "", str(values.get(name, 2.0)), "1") for name in QUANTITIES]
    return pd.DataFrame(rows, columns=["quantity", "at", "value", "unit"])


def test_what_does_not_agree_is_named():
    ours = table_of(dark_noise=2.3, third_band=2.02, line_drift=9)
    rows = pd.DataFrame(compared(table_of(), ours, ours)).fillna("")
    by_name = rows.set_index("quantity")
    assert list(by_name.loc[["dark_noise", "third_band", "line_drift"], "agrees"]) == ["no", "yes", ""]
    assert by_name.loc["dark_noise", "ratio"] == "1.150" and by_name.loc["third_band", "ratio"] == ""
    said = alike(rows)
    assert said.startswith("Agrees within 10 %: yes in 15 of 16, no in 1 of 16 (dark noise).")
    assert "Furthest apart: dark noise, ratio 1.150." in said and "drift of the dark from line to line" in said


def test_a_published_file_without_a_quantity_is_refused(tmp_path, says):
    says(lambda: compared(table_of(row_noise="?"), table_of(), table_of()), PUBLISHED, "row_noise")
    says(lambda: sensor(seed=0, bands=224, published=tmp_path, out=tmp_path / "o.csv"), PUBLISHED, "git checkout")


@pytest.fixture
def page(world):
    """Return a function that publishes the hand-made results, with the camera's table or without."""

    def render(camera):
        write_tables(**world.arguments, sensor=camera, counted=Complexity())
        folders = {"tables": world.root / "tables", "out": world.root / "figures"}
        grid = {"dataset": "toy", "backbones": ["unet"], "strategies": ["pca3"], "seeds": [0, 1], "pictures": 1}
        write_figures(**grid, runs=world.root / "runs", **folders)
        published = {"tables": [folders["tables"]], "figures": [folders["out"]], "datasets": ["toy"]}
        publish(**published, reports=world.root / "reports", out=world.root / "published.json")
        return (world.root / "reports/data-toy.html").read_text()

    return render


def test_the_page_says_and_shows_how_like_the_cameras_are(page, made, world):
    html = page(made)
    section = html[html.index(">Is the simulated camera like a real one?</h2>") :]
    assert "Agrees within 10 %: yes in 16 of 16." in section
    assert html.count('src="figures/toy/segmentation_sensor.svg"') == 1
    rows = section[section.index("<tbody>") : section.index("</tbody>")].split("<tr>")[1:]
    assert len(rows) == len(NAMES) and ">273.9<" in rows[0] and ">yes<" in rows[0]
    assert ">before<" in rows[-1]
    assert (world.root / "reports/figures/toy/segmentation_sensor.svg").read_text().startswith("<?xml")
    assert "simulated camera" not in page(None)
    assert not list((world.root / "reports").rglob("*sensor*"))
