"""The verb `inspect`: verdicts of a run and of its ONNX file, exit codes, and what it refuses."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from boardbench.engine.export import to_onnx
from boardbench.engine.modelfile import write_model
from boardbench.engine.onnxfile import write_metadata
from boardbench.errors import BoardbenchError
from boardbench.params.placement import Tolerance
from boardbench.placement import prediction
from boardbench.placement.corners import COLUMNS, moved
from boardbench.placement.deployment import INTERMEDIATE, Deployed
from boardbench.placement.export import _metadata
from boardbench.placement.loss import rectangle_loss
from boardbench.placement.model import Model, save
from boardbench.placement.network import build_network, preprocess
from boardbench.placement.prediction import inspect, rectangle_residual

PHOTO, IMAGE = (144, 96), (48, 32)  # lines, samples; a mean of nine has no half to round
NOMINAL = np.array([[8.0, 12], [24, 12], [8, 36], [24, 36]])  # of an image: a photo has three times as many pixels
MM = 0.2  # of an image's pixel
WIDE = Tolerance(offset_mm=50, rotation_deg=180)


def make_model(corners=NOMINAL, answer=0.0):
    """Return a model that finds the corners given, plus what an untrained network makes of the photo."""
    torch.manual_seed(0)
    network = build_network(0.1, IMAGE)
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = None  # statistics of the next batch, or an untrained network is blind
    with torch.no_grad():
        network.train()(preprocess(torch.randint(0, 256, (8, *IMAGE, 3), dtype=torch.uint8)))
        network.eval()
        network.head[-3].weight *= answer
        network.head[-3].bias[:] = torch.from_numpy((np.asarray(corners) / IMAGE[::-1]).ravel())
    return Model(
        network=network,
        **{"init": "random", "loss": "corners", "backbone": "mobilenet_v2", "width": 0.1, "dataset": "toy", "seed": 0},
        **{"size": IMAGE, "photo_size": PHOTO, "mm_per_pixel": (MM, MM), "nominal": NOMINAL},
    )


@pytest.fixture
def run(tmp_path):
    """Save a run whose network answers with the corners given."""

    def write(corners=NOMINAL, answer=0.0, name="run"):
        save(make_model(corners, answer), tmp_path / name / "model.pt")
        return tmp_path / name

    return write


@pytest.fixture
def photo(tmp_path):
    """Write a photo of noise."""

    def write(name="a.png", size=PHOTO, mode="RGB", seed=0):
        pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).convert(mode).save(tmp_path / name)
        return tmp_path / name

    return write


def code(call):
    with pytest.raises(SystemExit) as caught:
        call()
    return caught.value.code


def verdicts(out):
    return pd.read_csv(out / "verdicts.csv", keep_default_na=False)


def test_a_good_board_passes_and_is_told(run, photo, tmp_path, capsys):
    # One pixel of the image to the right, 0.2 mm; turned by 1.5 degrees.
    found = moved(NOMINAL, (1, 0), 1.5)
    inspect(photos=[photo()], run=run(found), out=tmp_path / "out", params=Tolerance())
    row = verdicts(tmp_path / "out").loc[0]
    assert (row["photo"], row["verdict"], row["overlay"], row["reason"]) == (
        str(tmp_path / "a.png"),
        "pass",
        "a.png",
        "",
    )
    numbers = row[["offset_mm", "offset_x_mm", "offset_y_mm", "rotation_deg", "rectangle_residual"]].astype(float)
    np.testing.assert_allclose(numbers, [0.2, 0.2, 0, 1.5, 0], atol=2e-4)
    np.testing.assert_allclose(row[list(COLUMNS)].astype(float), 3 * found.ravel(), atol=2e-4)
    shown = capsys.readouterr().out
    for words in ("tolerance: 0.3 mm, 2 deg", "pass, offset 0.200 mm (x +0.200, y", "rotation +1.50 deg", "1 passed"):
        assert words in shown
    with Image.open(tmp_path / "out" / "a.png") as picture:
        assert min(picture.size) >= 512


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (moved(NOMINAL, (0.9, 1.1), 0), "pass"),  # 1.42 pixels, 0.284 mm
        (moved(NOMINAL, (1.1, 1.1), 0), "fail"),  # 1.56 pixels, 0.311 mm
        (moved(NOMINAL, (0, 0), -1.9), "pass"),
        (moved(NOMINAL, (0, 0), -2.1), "fail"),
    ],
)
def test_a_board_fails_beyond_either_tolerance(run, photo, tmp_path, found, verdict):
    call = {"photos": [photo()], "run": run(found), "out": tmp_path / "out", "params": Tolerance()}
    if verdict == "fail":
        assert code(lambda: inspect(**call)) == 3
    else:
        inspect(**call)
    assert verdicts(tmp_path / "out")["verdict"].tolist() == [verdict]


def test_the_network_sees_the_photo_as_training_does(run, photo, tmp_path):
    from boardbench.placement.model import load, predict
    from boardbench.placement.photos import open_photo
    from boardbench.placement.synthesis import resize_photo

    paths, folder = [photo(f"{seed}.png", seed=seed) for seed in range(3)], run(answer=1.0)
    inspect(photos=paths, run=folder, out=tmp_path / "out", params=WIDE)
    images = [
        np.round(255 * resize_photo(open_photo(path)[0] / np.float32(255), IMAGE)).astype(np.uint8) for path in paths
    ]
    wanted = 3 * predict(load(folder).network, np.stack(images))
    assert np.ptp(wanted, axis=0).max() > 0.05
    np.testing.assert_allclose(verdicts(tmp_path / "out")[list(COLUMNS)], wanted.reshape(-1, 8), atol=0.01)


def test_an_onnx_file_gives_the_run_s_verdicts(run, photo, tmp_path):
    model, folder = make_model(answer=1.0), run(answer=1.0)
    file = tmp_path / "model.onnx"
    example = {"photo": torch.zeros((*PHOTO, 3), dtype=torch.uint8)}
    to_onnx(Deployed(model).eval(), example, {}, ["corners"], [INTERMEDIATE], _metadata(model, "float32"), file)
    paths = [photo(f"{seed}.png", seed=seed) for seed in range(3)]
    inspect(photos=paths, run=folder, out=tmp_path / "torch", params=WIDE)
    inspect(photos=paths, model=file, out=tmp_path / "onnx", params=WIDE)
    one, other = verdicts(tmp_path / "torch"), verdicts(tmp_path / "onnx")
    assert one["verdict"].tolist() == other["verdict"].tolist()
    numbers = [*COLUMNS, "offset_mm", "offset_x_mm", "offset_y_mm", "rotation_deg", "rectangle_residual"]
    np.testing.assert_allclose(one[numbers], other[numbers], atol=2e-3)


def test_one_bad_photo_stops_no_other_and_is_listed(run, photo, tmp_path, says, capsys):
    broken, large = tmp_path / "broken.png", photo("large.png", size=(192, 128))
    broken.write_bytes(b"no picture")
    good = [photo("a.png"), photo("grey.png", mode="L")]
    paths = [good[0], broken, tmp_path / "none.png", large, good[1]]
    message = says(
        lambda: inspect(photos=paths, run=run(), out=tmp_path / "out", params=Tolerance()),
        *("3 of 5 photos", broken, "none.png", large, "128 x 192 pixels", "96 x 144", "camera and settings"),
    )
    assert str(good[0]) not in message
    table = verdicts(tmp_path / "out")
    assert table["photo"].tolist() == [str(path) for path in paths]
    assert table["verdict"].tolist() == ["pass", "none", "none", "none", "pass"]
    assert "grey" in table["converted"][4] and "96 x 144" in table["reason"][3] and table["offset_mm"][3] == ""
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "grey.png", "verdicts.csv"]
    shown = capsys.readouterr().out
    assert "large.png: NOT INSPECTED" in shown and "2 passed, 0 failed, 3 not inspected" in shown


def test_a_photo_that_could_not_be_inspected_outweighs_a_failed_board(run, photo, tmp_path, says):
    call = {"photos": [photo(), tmp_path / "none.png"], "run": run(NOMINAL + 5), "params": Tolerance()}
    says(lambda: inspect(**call, out=tmp_path / "out"), "1 of 2 photos", "none.png")
    assert verdicts(tmp_path / "out")["verdict"].tolist() == ["fail", "none"]


@pytest.mark.parametrize("corners", [NOMINAL * 0 + 12, NOMINAL * [1, 0] + [0, 9], NOMINAL[[0, 0, 2, 3]]])
def test_corners_that_are_no_outline_are_no_verdict(run, photo, tmp_path, says, corners):
    call = {"photos": [photo()], "run": run(corners), "out": tmp_path / "out", "params": WIDE}
    says(lambda: inspect(**call), "a.png", "no outline of a chip", "Look whether the photo shows the board")


def test_pictures_of_equal_names_do_not_meet(run, photo, tmp_path):
    paths = [photo("x/a.png"), photo("y/A.bmp"), photo("z/a-2.png"), photo("x/a.png")]
    inspect(photos=paths, run=run(), out=tmp_path / "out", params=Tolerance())
    names = verdicts(tmp_path / "out")["overlay"].tolist()
    assert names == ["a.png", "A-2.png", "a-2-2.png", "a-3.png"]
    assert sorted(path.name for path in (tmp_path / "out").glob("*.png")) == sorted(names)


def test_own_results_are_replaced_and_foreign_files_kept(run, photo, tmp_path, says):
    call = {"photos": [photo()], "run": run(), "out": tmp_path / "out", "params": Tolerance()}
    inspect(**call)
    (tmp_path / "out" / "notes.txt").write_text("mine")
    inspect(**call)
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"
    # The folder of the photos themselves: the picture would take the photo's place.
    before = (tmp_path / "a.png").read_bytes()
    says(lambda: inspect(**call | {"out": tmp_path}), tmp_path / "a.png", "not replaced", "--out")
    assert (tmp_path / "a.png").read_bytes() == before and not (tmp_path / "verdicts.csv").exists()
    (tmp_path / "out" / "verdicts.csv").write_text("name,grade\n")
    says(lambda: inspect(**call), "verdicts.csv", "not replaced")
    assert (tmp_path / "out" / "verdicts.csv").read_text() == "name,grade\n"


def test_a_picture_that_cannot_be_written_leaves_no_half(run, photo, tmp_path, monkeypatch, says):
    def full(*_, **__):
        raise OSError("No space left on device")

    call = {"photos": [photo()], "run": run(), "out": tmp_path / "out", "params": Tolerance()}
    monkeypatch.setattr(prediction.Image.Image, "save", full)
    says(lambda: inspect(**call), "1 of 1 photos", "No space left")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["verdicts.csv"]


def test_a_model_of_another_study_is_sent_to_its_verb(photo, tmp_path, says):
    write_model({"backbone": "unet"}, tmp_path / "run" / "model.pt")
    call = {"photos": [photo()], "out": tmp_path / "out", "params": Tolerance()}
    says(lambda: inspect(**call, run=tmp_path / "run"), "model.pt", "segmentation", "boardbench predict")
    import onnx

    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["x"], ["y"])], "g", [value], [value])
    graph.output[0].name = "y"
    model = onnx.helper.make_model(graph)
    write_metadata(model, {"boardbench": "0", "study": "segmentation"})
    onnx.save(model, tmp_path / "s.onnx")
    says(lambda: inspect(**call, model=tmp_path / "s.onnx"), "s.onnx", "segmentation", "boardbench predict")
    assert not (tmp_path / "out").exists()


def test_flags_that_do_not_fit(photo, tmp_path, says):
    call = {"out": tmp_path / "out", "params": Tolerance()}
    one = [photo()]
    says(lambda: inspect(photos=[], run=tmp_path, **call), "no photo given", "Name the photos")
    says(lambda: inspect(photos=one, **call), "no model given", "--run", "--model")
    says(lambda: inspect(photos=one, run=tmp_path, model=tmp_path, **call), "--run and --model given")
    says(lambda: inspect(photos=one, run=tmp_path / "m.onnx", **call), "m.onnx", "--model")
    says(lambda: inspect(photos=one, model=tmp_path, **call), tmp_path, "--model takes", "--run")
    says(lambda: inspect(photos=one, run=tmp_path / "no", **call), "no such model", "results/placement")
    says(lambda: inspect(photos=one, run=tmp_path, threads=0, **call), "--threads 0", "1 or more")
    says(lambda: inspect(photos=one, run=tmp_path, **call | {"out": one[0]}), one[0], "--out is a file")


def test_the_residual_is_the_loss_s_term():
    random = np.random.default_rng(0)
    corners = NOMINAL + random.uniform(-4, 4, (20, 4, 2))
    wanted = rectangle_loss(torch.from_numpy(corners)).numpy()
    np.testing.assert_allclose([rectangle_residual(each) for each in corners], wanted, atol=1e-6)
    # A parallelogram of 60 degrees: four angles of cos 0.5.
    leaning = np.array([[0, 0], [2, 0], [1, np.sqrt(3)], [3, np.sqrt(3)]])
    assert rectangle_residual(leaning) == pytest.approx(2)


def test_json_tells_scripts_every_verdict(run, photo, tmp_path, capsys):
    with pytest.raises(BoardbenchError):
        inspect(photos=[photo(), tmp_path / "no.png"], run=run(), out=tmp_path / "out", json=True, params=WIDE)
    found = json.loads(capsys.readouterr().out)
    assert [row["verdict"] for row in found["verdicts"]] == ["pass", "none"]
    assert {key: found[key] for key in ("passed", "failed", "not_inspected")} == {
        "passed": 1,
        "failed": 0,
        "not_inspected": 1,
    }
