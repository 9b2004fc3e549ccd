"""Real Specim counts, against another tool's reflectance and what the camera's data sheet says.

The files are not ours and not in the project; without them the tests are skipped.
"""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin
from scipy.io import netcdf_file

from boardbench.captures.average import average_reference
from boardbench.captures.envi import open_cube
from boardbench.captures.reflectance import reflectance
from boardbench.params.segmentation import Reflectance
from boardbench.simulate.spectra import wavelengths

REAL = Path(__file__).parents[3] / "shared" / "data" / "real"
WHOLE = Reflectance(drop_first=0, size=None)

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason=f"no real captures at {REAL}")


def tiff(path):
    """Return a TIFF of several bands a pixel, (lines, samples, bands): as one grey picture, which Pillow can read."""
    file = io.BytesIO(path.read_bytes())
    tags = TiffImagePlugin.ImageFileDirectory_v2(file.read(8))
    file.seek(tags.next)
    tags.load(file)
    lines, samples, bands = (tags[key] for key in (257, 256, 277))
    strips = [file.getvalue()[start : start + size] for start, size in zip(tags[273], tags[279], strict=True)]
    grey = TiffImagePlugin.ImageFileDirectory_v2()
    # Height, compression, lines a strip, bytes a strip; then width, bits, black is 0, one value a pixel, strips.
    for key in (257, 259, 278, 279):
        grey[key] = tags[key]
    grey[256], grey[258], grey[262], grey[277] = samples * bands, tags[258][0], 1, 1
    if 339 in tags:
        grey[339] = tags[339][0]
    grey[273] = tuple(sum(tags[279][:strip]) for strip in range(len(strips)))
    with Image.open(io.BytesIO(b"II*\0\x08\0\0\0" + grey.tobytes(8) + b"".join(strips))) as image:
        return np.asarray(image).reshape(lines, samples, bands)


@pytest.fixture(scope="module")
def core():
    """Counts of a core scan, of the columns that its references share with it."""
    names = {"cube": "CORE_XYZ", "white": "WHITEREF_CORE_XYZ", "dark": "DARKREF_CORE_XYZ"}
    counts = {kind: tiff(REAL / "hsitools" / f"{name}.tif") for kind, name in names.items()}
    return counts | {kind: counts[kind][:, 88:1287] for kind in ("white", "dark")}


@pytest.fixture(scope="module")
def snow():
    """Counts of an unbinned FX10 on snow, (2 lines, 1024 samples, 448 bands), and its band centres in nm."""
    found = {}
    for kind, name in {"cube": "capture", "white": "white", "dark": "black"}.items():
        with netcdf_file(REAL / "specarray" / f"{name}.nc", mmap=False) as file:
            found[kind] = file.variables[name].data.astype(">u2")
    with (REAL / "specarray" / "wavelengths.csv").open(newline="") as file:
        return found, np.array([float(row[1]) for row in list(csv.reader(file))[1:]])


def made(tmp_path, write_envi, counts, **fields):
    """Calibrate counts; return reflectance (bands, lines, samples) and the report beside it."""
    paths = {kind: write_envi(tmp_path / f"{kind}.hdr", values, **fields) for kind, values in counts.items()}
    Image.fromarray(np.zeros(counts["cube"].shape[:2], np.uint8)).save(tmp_path / "mask.png")
    out = tmp_path / "out.npy"
    reflectance(**paths, mask=tmp_path / "mask.png", classes=1, out=out, params=WHOLE)
    return np.load(out), json.loads(out.with_suffix(".json").read_text())


def test_reflectance_is_that_of_another_tool(tmp_path, write_envi, core):
    theirs = tiff(REAL / "hsitools" / "REFLECTANCE_CORE_XYZ_ROI_1.tif")
    ours, metadata = made(tmp_path, write_envi, core)
    part = ours.transpose(1, 2, 0)[6:74, 948 - 88 : 1283 - 88]
    assert part.shape == theirs.shape
    apart = np.abs(part - np.clip(theirs, 0, 1)).max(axis=0)
    # That tool averages every line; we leave out specks that passed over the panel.
    clean = average_reference(core["white"]).left_out[948 - 88 : 1283 - 88] == 0
    assert apart[clean].max() < 3e-4
    assert (~clean).mean() < 0.02 and apart.max() < 3e-3
    assert metadata["white_saturated"] == 971 * 85
    assert (metadata["invalid"], metadata["full_scale"]) == (0, 4095)


def test_references_are_averaged_without_what_does_not_belong(core):
    white, dark = average_reference(core["white"]), average_reference(core["dark"])
    assert (core["white"].shape, core["dark"].shape) == ((37, 1199, 8), (234, 1199, 8))
    assert (white.highest >= 4095).sum() == 971
    assert (core["white"].mean(axis=0) >= 4095).sum() == 663
    # Specks in single lines, and lines below the limit of elements that else clip. Its lamp drifts by 16 counts.
    assert 0 < white.left_out.sum() < 1e-3 * core["white"].size
    assert dark.left_out.sum() == 0
    np.testing.assert_allclose(dark.mean, core["dark"].mean(axis=0), rtol=1e-12)


@pytest.mark.parametrize("interleave", ["bil", "bip", "bsq"])
def test_real_fx10_counts_are_calibrated_without_an_invalid_element(tmp_path, write_envi, snow, interleave):
    counts, nm = snow
    fields = {"wavelength": f"{{{', '.join(map(str, nm))}}}", "wavelength units": "nm"}
    paths = {k: write_envi(tmp_path / f"{k}.hdr", v, interleave, **fields) for k, v in counts.items()}
    assert open_cube(paths["cube"]).wavelengths[[0, -1]].tolist() == [397.01, 1004.52]
    ours, metadata = made(tmp_path, write_envi, counts, **fields)
    assert (ours.shape, metadata["invalid"], metadata["values"]) == ((448, 2, 1024), 0, 917_504)
    white, dark = (counts[kind].astype(np.float64).mean(axis=0) for kind in ("white", "dark"))
    expected = ((counts["cube"] - dark) / (white - dark)).transpose(2, 0, 1)
    np.testing.assert_allclose(ours, np.clip(expected, 0, 1), atol=3e-4)


def test_binning_by_two_gives_the_grid_of_the_simulated_camera(snow):
    _, nm = snow
    assert np.abs(nm.reshape(-1, 2).mean(axis=1) - wavelengths(224)).max() < 0.3


def test_kernels_are_read():
    cube = open_cube(REAL / "plantcv" / "corn-kernel-hyperspectral.hdr")
    assert (cube.shape, cube.dtype, cube.interleave) == ((31, 43, 580), np.dtype("<u2"), "bil")
    assert cube.wavelengths[[0, -1]].tolist() == pytest.approx([366.551, 1048.421])
