import time

import numpy as np
import pytest
from PIL import Image

from boardbench.captures.envi import open_cube
from boardbench.captures.lumo import find_captures, lumo_files
from boardbench.captures.sheet import generated_capture, read_sheet, write_rows, write_sheet

HEAD = "scene,condition,kind,cube,white,dark,mask\n"
CUBE = np.zeros((1, 2, 3), np.uint16)


@pytest.fixture
def scan(tmp_path, write_envi):
    """Return a function that writes the files of one raw capture and returns its row."""

    def make(scene="b01", condition="1"):
        name = f"{scene}_{condition}"
        folder = tmp_path / name
        for prefix in ("", "WHITEREF_", "DARKREF_"):
            write_envi(folder / "capture" / f"{prefix}{name}.hdr", CUBE)
        Image.fromarray(CUBE[:, :, 0].astype(np.uint8)).save(folder / "mask.png")
        paths = [f"{name}/capture/{prefix}{name}.hdr" for prefix in ("", "WHITEREF_", "DARKREF_")]
        return ",".join([scene, condition, "raw", *paths, f"{name}/mask.png"]) + "\n"

    return make


def write(folder, text):
    path = folder / "captures.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_good_sheet(tmp_path, scan):
    row = scan()
    scan("b02")
    bare = "b02,,reflectance,b02_1/capture/b02_1.raw,,,b02_1/mask.png\n"
    first, second = read_sheet(write(tmp_path, "\ufeff" + HEAD + row + bare))
    assert first == generated_capture(tmp_path, "b01", "1", "raw")
    assert (second.name, second.white, second.kind) == ("b02_1", None, "reflectance")
    names = [path.relative_to(tmp_path).as_posix() for path in first.files]
    assert names == [
        "b01_1/capture/b01_1.hdr",
        "b01_1/capture/b01_1.raw",
        "b01_1/capture/WHITEREF_b01_1.hdr",
        "b01_1/capture/WHITEREF_b01_1.raw",
        "b01_1/capture/DARKREF_b01_1.hdr",
        "b01_1/capture/DARKREF_b01_1.raw",
        "b01_1/mask.png",
    ]
    assert all(path.is_file() for path in first.files + second.files)


def test_optional_column_of_board_masks(tmp_path, scan, write_envi, says):
    row, other = scan().strip(), scan("b02").strip()
    head = HEAD.strip() + ",board\n"
    Image.fromarray(CUBE[:, :, 0].astype(np.uint8)).save(tmp_path / "b01_1" / "board.jpg")
    write_envi(tmp_path / "b02_1" / "board.HDR", CUBE, data="")
    sheet = write(tmp_path, f"{head}{row},b01_1/board.jpg\n{other},b02_1/board.HDR\n")
    first, second = read_sheet(sheet)
    assert first.board == tmp_path / "b01_1/board.jpg"
    assert first.files[-2:] == [tmp_path / "b01_1/mask.png", first.board]
    assert [path.name for path in second.files[-2:]] == ["board.HDR", "board"]
    (bare,) = read_sheet(write(tmp_path, f"{head}{row},\n"))
    assert bare.board is None
    assert len(bare.files) == 7
    says(lambda: read_sheet(write(tmp_path, f"{head}{row},no.jpg\n")), "line 2, column board", "no.jpg: no such file")
    says(lambda: read_sheet(write(tmp_path, head.replace("board", "baord") + row)), "'baord'", "Did you mean 'board'?")


def test_optional_column_is_written_where_a_row_has_it(tmp_path):
    row = dict.fromkeys(HEAD.strip().split(","), "x")
    write_rows(tmp_path / "s.csv", [row, row | {"board": "b.jpg"}])
    assert (tmp_path / "s.csv").read_text() == HEAD.strip() + ",board\nx,x,x,x,x,x,x,\nx,x,x,x,x,x,x,b.jpg\n"
    write_rows(tmp_path / "s.csv", [row])
    assert (tmp_path / "s.csv").read_text() == HEAD + "x,x,x,x,x,x,x\n"


def test_paths_stay_as_relative_as_the_sheet(tmp_path, scan, monkeypatch):
    write(tmp_path, HEAD + scan())
    monkeypatch.chdir(tmp_path.parent)
    (capture,) = read_sheet((tmp_path / "captures.csv").relative_to(tmp_path.parent))
    assert not capture.cube.is_absolute()
    assert capture.cube.parts[0] == tmp_path.name


def test_all_bad_rows_are_named_at_once(tmp_path, scan, says):
    row, again = scan(), scan().replace("raw", "rwa", 1)
    (tmp_path / "b01_1/capture/b01_1.raw").unlink()
    scan("b02")
    rows = [
        row,  # line 2: data file missing
        again,  # line 3: same scene and condition, unknown kind
        "b 02,1,raw,b02_1/capture/b02_1.hdr,,b02_1/none.hdr,b02_1/mask.png\n",  # line 4
        "b_3,1,reflectance,b02_1/capture/b02_1.hdr,b02_1/capture/WHITEREF_b02_1.hdr,,\n",  # line 5
    ]
    sheet = write(tmp_path, HEAD + "".join(rows))
    message = says(
        lambda: read_sheet(sheet),
        sheet,
        "line 2, column cube",
        "data file is missing",
        "line 3, column kind: 'rwa' is unknown. Did you mean 'raw'?",
        "line 3, columns scene and condition: 'b01', '1' is line 2 already",
        "line 4, column scene: 'b 02' cannot name files. Use letters",
        "line 4, column white: empty, but kind raw",
        "line 4, column dark",
        "none.hdr: no such file",
        "line 5, column scene: 'b_3'",
        "line 5, column white",
        "takes no references",
        "line 5, column mask: empty",
    )
    assert "line 6" not in message


@pytest.mark.parametrize("cell", ["n" * 300, "/".join("a" * 3000), "a\0b"])
def test_a_path_that_no_system_has_is_a_bad_row(tmp_path, scan, says, cell):
    row = scan().replace("b01_1/mask.png", cell)
    says(lambda: read_sheet(write(tmp_path, HEAD + row)), "line 2, column mask")
    row = scan().replace("b01_1/capture/b01_1.hdr", cell)
    says(lambda: read_sheet(write(tmp_path, HEAD + row)), "line 2, column cube")


def test_a_cell_that_is_too_long_for_csv(tmp_path, says):
    sheet = write(tmp_path, HEAD + "a" * 200_000 + ",1,raw,,,,\n")
    says(lambda: read_sheet(sheet), sheet, "not a readable CSV", "Save")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["'scene' is missing"]),
        (HEAD, ["no rows", "boardbench sheet"]),
        (HEAD.replace("mask", "maks") + "\n", ["'maks'", "Did you mean 'mask'?", "'mask' is missing"]),
        (HEAD.replace(",", ";"), ["';'", "Save"]),
        (HEAD.replace("white", "cube"), ["'cube' is there twice"]),
        (HEAD + "a,1,raw,b,c,d,e,f\n", ["line 2", "more cells"]),
    ],
)
def test_bad_columns(tmp_path, says, text, words):
    sheet = write(tmp_path, text)
    says(lambda: read_sheet(sheet), sheet, *words)


def test_no_sheet(tmp_path, says):
    says(lambda: read_sheet(tmp_path / "captures.csv"), "captures.csv", "no such", "boardbench sheet --root")


def test_159_rows_are_fast(tmp_path, scan):
    rows = [scan(f"b{number:02}", condition) for number in range(53) for condition in "123"]
    sheet = write(tmp_path, HEAD + "".join(rows))
    start = time.perf_counter()
    assert len(read_sheet(sheet)) == 159
    assert time.perf_counter() - start < 1


def test_generated_captures_need_no_files(tmp_path):
    raw = generated_capture(tmp_path, "b01", "2", "raw")
    assert raw.files[1] == tmp_path / "b01_2/capture/b01_2.raw"
    assert len(raw.files) == 7
    plain = generated_capture(tmp_path, "b01", "2", "reflectance")
    assert [path.name for path in plain.files] == ["b01_2.hdr", "b01_2.raw", "mask.png"]
    assert plain.cube.parent == tmp_path / "b01_2"


def test_written_sheet_is_read_back(tmp_path, scan, write_envi):
    scan("b01", "1"), scan("b01", "2")
    write_envi(tmp_path / "field" / "field.hdr", CUBE, reflectance_scale_factor=10000)
    write_envi(tmp_path / "field" / "mask.hdr", CUBE.astype(np.uint8))
    sheet = tmp_path / "sheets" / "captures.csv"
    write_sheet(root=tmp_path, out=sheet)
    one, two, three = read_sheet(sheet)
    assert [one.name, two.name, three.name] == ["b01_1", "b01_2", "field_1"]
    assert [one.kind, two.kind, three.kind] == ["raw", "raw", "reflectance"]
    assert open_cube(three.cube).shape == (1, 2, 3)
    assert len(three.files) == 4
    assert "\r" not in sheet.read_text()


def test_lumo_variants(tmp_path, write_envi):
    # No capture/ folder, the sensor in the reference's name, extension in capitals.
    flat = tmp_path / "session1" / "A_1"
    for name in ("A_1.HDR", "WHITEREF_FX10_A_1.hdr", "DARKREF_A_1.hdr", "mask.hdr"):
        write_envi(flat / name, CUBE)
    files = lumo_files(flat)
    assert [path.name for path in (files.cube, files.white, files.dark, files.mask)] == [
        "A_1.HDR",
        "WHITEREF_FX10_A_1.hdr",
        "DARKREF_A_1.hdr",
        "mask.hdr",
    ]
    # One white reference for the session, in a folder of its own.
    session = tmp_path / "session2"
    write_envi(session / "WHITEREF_day" / "capture" / "x.hdr", CUBE)
    write_envi(session / "WHITEREF_day.hdr", CUBE)
    for name in ("B_1", "B_2"):
        write_envi(session / name / "capture" / f"{name}.hdr", CUBE)
        write_envi(session / name / "capture" / f"DARKREF_{name}.hdr", CUBE)
    found = find_captures(session)
    assert [files.folder.name for files in found] == ["B_1", "B_2"]
    assert {files.white for files in found} == {session / "WHITEREF_day.hdr"}
    assert [files.dark.stem for files in found] == ["DARKREF_B_1", "DARKREF_B_2"]
    # A reference with the capture's name goes before others.
    write_envi(session / "B_1" / "WHITEREF_B_1.hdr", CUBE)
    write_envi(session / "B_1" / "WHITEREF_old.hdr", CUBE)
    assert lumo_files(session / "B_1").white.name == "WHITEREF_B_1.hdr"
    # The recorder's own reflectance, and no references.
    write_envi(tmp_path / "C_1" / "results" / "REFLECTANCE_C_1.hdr", CUBE.astype(np.float32), data=".dat")
    assert lumo_files(tmp_path / "C_1").reflectance.name == "REFLECTANCE_C_1.hdr"


def test_captures_that_make_no_row(tmp_path, scan, write_envi, says):
    says(lambda: write_sheet(root=tmp_path, out=tmp_path / "s.csv"), tmp_path, "no capture found", "capture/")
    says(lambda: write_sheet(root=tmp_path / "no", out=tmp_path / "s.csv"), "no such folder")
    scan("b01", "1"), scan("b02", "1")
    (tmp_path / "b01_1" / "mask.png").unlink()
    (tmp_path / "b02_1" / "capture" / "DARKREF_b02_1.hdr").unlink()
    says(
        lambda: write_sheet(root=tmp_path, out=tmp_path / "s.csv"),
        "b01_1: no mask.png",
        "b02_1.hdr: the cube holds counts",
        "Its dark reference is missing",
    )
    assert not (tmp_path / "s.csv").exists()


def test_ambiguous_files_are_named(tmp_path, write_envi, says):
    for name in ("p.hdr", "q.hdr"):
        write_envi(tmp_path / "A_1" / name, CUBE)
    says(lambda: lumo_files(tmp_path / "A_1"), "A_1", "p.hdr, q.hdr", "Name the")
    for name in ("B_1.hdr", "WHITEREF_a.hdr", "WHITEREF_b.hdr"):
        write_envi(tmp_path / "B_1" / name, CUBE)
    says(lambda: lumo_files(tmp_path / "B_1"), "2 white references", "WHITEREF_a.hdr", "Name one WHITEREF_B_1.hdr")


def test_the_package_imports_submodules_only():
    """``boardbench.sources`` cannot see through the lazy names of ``boardbench.captures``."""
    import re
    from pathlib import Path

    import boardbench

    lazy = re.compile(r"^\s*from boardbench\.captures import .*\b(open_cube|calibrate|Cube)\b", re.MULTILINE)
    files = Path(boardbench.__file__).parent.rglob("*.py")
    assert [str(path) for path in files if lazy.search(path.read_text())] == []


@pytest.mark.parametrize(
    ("names", "kinds"),
    [
        (("x", "white", "dark"), ("white", "dark", None)),
        (("x", "WHITE_x", "DARK_x"), ("white", "dark", None)),
        (("x", "x_WR", "x_DR"), ("white", "dark", None)),
        (("x", "WHITEREF_x", "DARKREF_x", "WHITEDARKREF_x"), ("white", "dark", "white_dark")),
    ],
)
@pytest.mark.parametrize("inside", ["", "capture"])
def test_names_of_references(tmp_path, write_envi, names, kinds, inside):
    for name in names:
        write_envi(tmp_path / "x" / inside / f"{name}.hdr", CUBE)
    files = lumo_files(tmp_path / "x")
    found = [files.cube, files.white, files.dark, files.white_dark]
    assert [path.stem for path in found if path] == list(names)
    assert [bool(path) for path in found[1:]] == [bool(kind) for kind in kinds]


def test_a_capture_that_is_called_as_a_reference_is_one_all_the_same(tmp_path, write_envi):
    for name in ("white_board_1", "WHITEREF_white_board_1", "DARKREF_white_board_1"):
        write_envi(tmp_path / "white_board_1" / f"{name}.hdr", CUBE)
    assert [files.cube.stem for files in find_captures(tmp_path)] == ["white_board_1"]


def test_what_macos_leaves_is_no_capture(tmp_path, scan, write_envi):
    scan("b01")
    write_envi(tmp_path / "b01_1" / "capture" / "._b01_1.hdr", CUBE)
    write_envi(tmp_path / "__MACOSX" / "b01_1" / "capture" / "b01_1.hdr", CUBE)
    assert [files.folder for files in find_captures(tmp_path)] == [tmp_path / "b01_1"]
    for name in ("scan", "._scan"):  # not called as the folder, so that either could be the capture
        write_envi(tmp_path / "b02_1" / f"{name}.hdr", CUBE)
    assert lumo_files(tmp_path / "b02_1").cube.name == "scan.hdr"


def test_two_data_files_of_one_header_are_named(tmp_path, write_envi, says):
    header = write_envi(tmp_path / "x.hdr", CUBE)
    (tmp_path / "x.dat").write_bytes((tmp_path / "x.raw").read_bytes())
    says(lambda: open_cube(header), "x.hdr", "x.raw, x.dat", "Take away")
    assert open_cube(tmp_path / "x.dat").path.name == "x.dat"


@pytest.mark.parametrize(
    ("name", "pattern", "expected"),
    [
        ("b01_2", None, ("b01", "2")),
        ("b01", None, ("b01", "1")),
        ("STL14_1A_28C_top_2022-11-11_16-30-51", None, ("STL14-1A-28C-top-2022-11-11-16-30-51", "1")),
        ("board (old) ü", None, ("board-old", "1")),
        ("STL14_1A_28C_top_2022-11-11_16-30-51", r"(?P<scene>.+)_(?P<condition>[\d-]+_[\d-]+)",
         ("STL14-1A-28C-top", "2022-11-11-16-30-51")),
    ],
)  # fmt: skip
def test_any_folder_name_makes_a_row(tmp_path, write_envi, name, pattern, expected):
    for prefix in ("", "WHITEREF_", "DARKREF_"):
        write_envi(tmp_path / name / f"{prefix}{name}.hdr", CUBE)
    Image.fromarray(CUBE[:, :, 0].astype(np.uint8)).save(tmp_path / name / "mask.png")
    write_sheet(root=tmp_path, out=tmp_path / "s.csv", pattern=pattern)
    (row,) = read_sheet(tmp_path / "s.csv")
    assert (row.scene, row.condition, row.kind) == (*expected, "raw")


def test_patterns_that_cannot_serve_are_refused(tmp_path, scan, says):
    scan()
    for pattern in ("(", "(?P<name>.+)"):
        says(lambda p=pattern: write_sheet(root=tmp_path, out=tmp_path / "s.csv", pattern=p), "--pattern", pattern)


def test_a_dark_inside_the_capture_and_one_of_the_white_come_into_the_sheet(tmp_path, write_envi):
    folder = tmp_path / "a_1"
    write_envi(folder / "a_1.hdr", np.zeros((6, 2, 3), np.uint16), autodarkstartline=4)
    for prefix in ("WHITEREF_", "WHITEDARKREF_"):
        write_envi(folder / f"{prefix}a_1.hdr", CUBE)
    Image.fromarray(np.zeros((6, 2), np.uint8)).save(folder / "mask.png")
    write_sheet(root=tmp_path, out=tmp_path / "s.csv")
    (row,) = read_sheet(tmp_path / "s.csv")
    assert (row.kind, row.dark, row.white_dark.name) == ("raw", row.cube, "WHITEDARKREF_a_1.hdr")
    assert len(row.files) == 7
