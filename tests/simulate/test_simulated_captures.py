import hashlib
import inspect
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image
from spectral.io import envi

from boardbench.errors import BoardbenchError
from boardbench.params.segmentation import Simulate
from boardbench.simulate import sensor
from boardbench.simulate.board import make_board
from boardbench.simulate.captures import _streams, apparent, condition_names, scene_names, simulate
from boardbench.simulate.spectra import wavelengths

SMALL = Simulate(boards=3, lines=48, samples=40, bands=24)


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    out = tmp_path_factory.mktemp("raw")
    for scene in ("board01", "board02"):
        simulate(out=out, scene=scene, params=SMALL)
    return out


def read(out, capture, prefix=""):
    stem = out / capture / "capture" / f"{prefix}{capture}"
    image = envi.open(f"{stem}.hdr", f"{stem}.raw")
    return np.array(image.open_memmap(interleave="bip")), image.metadata


def digests(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_names():
    assert scene_names(SMALL) == ["board01", "board02", "board03"]
    assert scene_names(Simulate(boards=120))[98] == "board099"
    assert condition_names(Simulate(conditions=4)) == ["1", "2", "3", "4"]


def test_folder_is_laid_out_as_lumo_does_and_nothing_else_is_left(raw):
    found = sorted(str(p.relative_to(raw)) for p in raw.glob("board01_2/**/*") if p.is_file())
    stems = [f"board01_2/capture/{prefix}board01_2" for prefix in ("DARKREF_", "WHITEREF_", "")]
    assert found == sorted([f"{stem}.{ext}" for stem in stems for ext in ("hdr", "raw")] + ["board01_2/mask.png"])


def test_header_fields(raw):
    counts, header = read(raw, "board01_1")
    assert counts.shape == (48, 40, 24) and counts.dtype == np.uint16
    assert header["interleave"] == "bil" and header["data type"] == "12"
    assert header["byte order"] == "0" and header["header offset"] == "0"
    assert header["sensor type"].startswith("FX10 , Lumo - Recorder") and "simulated" in header["sensor type"]
    assert float(header["tint"]) == 9.0 and float(header["fps"]) <= 1000 / 9.0
    assert header["binning"] == ["19", "1"]  # 24 of 448 bands
    assert header["himg"] == ["1", "40"] and header["vroi"] == ["1", "24"]
    np.testing.assert_allclose(np.array(header["wavelength"], dtype=float), wavelengths(24))
    assert set(header["fwhm"]) == {"5.50"} and len(header["fwhm"]) == 24
    red, green, blue = (wavelengths(24)[int(band) - 1] for band in header["default bands"])
    assert abs(red - 640) < 15 and abs(green - 550) < 15 and abs(blue - 460) < 15


def test_references_have_their_own_lines_and_integration_times(raw):
    for name, condition in zip("123", sensor.NAMED, strict=True):
        (white, white_header), (dark, dark_header) = (
            read(raw, f"board02_{name}", prefix) for prefix in ("WHITEREF_", "DARKREF_")
        )
        assert white.shape == dark.shape == (8, 40, 24)
        assert float(white_header["tint"]) == condition.white_tint
        assert float(dark_header["tint"]) == condition.tint
        assert white.max() < 4095 and white.mean() > 5 * dark.mean()


def test_mask_is_the_same_under_every_condition(raw):
    masks = [np.array(Image.open(raw / f"board01_{k}" / "mask.png")) for k in "123"]
    assert masks[0].shape == (48, 40) and masks[0].dtype == np.uint8
    assert set(np.unique(masks[0])) == {0, 1, 2, 3}
    assert (masks[0] == masks[1]).all() and (masks[0] == masks[2]).all()


def test_conditions_really_differ(raw):
    first, second, third = (read(raw, f"board01_{k}")[0].astype(float) for k in "123")
    for one, other in pairwise((first, second, third)):
        assert abs(one.mean() / other.mean() - 1) > 0.02
        # Beyond a common factor too: shadows, tilt and glints move.
        assert np.abs(one / one.mean() - other / other.mean()).mean() > 0.02


def test_same_bytes_alone_or_with_others_and_with_fewer_conditions(raw, tmp_path):
    simulate(out=tmp_path / "a", scene="board02", params=SMALL)
    for k in "123":
        assert digests(tmp_path / "a" / f"board02_{k}") == digests(raw / f"board02_{k}")
    fewer = SMALL.model_copy(update={"conditions": 1, "boards": 2})
    simulate(out=tmp_path / "b", scene="board02", params=fewer)
    assert digests(tmp_path / "b" / "board02_1") == digests(raw / "board02_1")
    other = SMALL.model_copy(update={"seed": 1})
    simulate(out=tmp_path / "c", scene="board02", params=other)
    changed, before = digests(tmp_path / "c" / "board02_1"), digests(raw / "board02_1")
    assert all(changed[name] != before[name] for name in before if name.endswith((".raw", ".png")))


@pytest.mark.parametrize("k", [0, 1, 2])
def test_calibrated_counts_are_what_the_surface_reflects(raw, k):
    capture = f"board01_{k + 1}"
    sample, white, dark = (read(raw, capture, p)[0].astype(float) for p in ("", "WHITEREF_", "DARKREF_"))
    condition = sensor.NAMED[k]
    w, d = white.mean(axis=0), dark.mean(axis=0)
    found = (sample - d) / (w - d) * (condition.white_tint / condition.tint)

    board = make_board(0, 48, 40, wavelengths(24), SMALL.seed)
    shade = sensor.light(board.height, condition, board.mm_a_line)
    glints = _streams(SMALL, 0, k)[0]
    share = board.abundance(0, 48)
    true = apparent(board, share, board.reflectance(share, 0), condition, shade, glints).transpose(0, 2, 1)

    fair = (sample < 4095).all(axis=2)
    assert fair.mean() > 0.9
    error = (found - true)[fair][:, 5:-5]
    assert abs(error.mean()) < 0.002 and error.std() < 0.012


def test_glints_saturate_rarely(tmp_path):
    params = Simulate(bands=24)
    simulate(out=tmp_path, scene="board01", params=params)
    shares = [(read(tmp_path, f"board01_{k}")[0] == 4095).any(axis=2).mean() for k in "123"]
    assert sum(shares) > 0 and max(shares) < 0.03


def test_unknown_scene_names_the_valid_ones(tmp_path):
    with pytest.raises(BoardbenchError, match=r"--scene board9: .*--boards 3 gives board01 to board03.*boards"):
        simulate(out=tmp_path, scene="board9", params=SMALL)
    assert not list(tmp_path.iterdir())


def test_the_verb_has_real_types():
    kinds = {p.annotation for p in inspect.signature(simulate).parameters.values()}
    assert Simulate in kinds and not any(isinstance(kind, str) for kind in kinds)
