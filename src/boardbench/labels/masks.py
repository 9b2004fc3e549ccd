"""The verb that turns label files into the masks of captures."""

from pathlib import Path

import numpy as np
from PIL import Image

from boardbench.captures.envi import open_cube
from boardbench.captures.locate import capture_name
from boardbench.captures.lumo import LumoFiles, find_captures
from boardbench.captures.masks import IGNORED
from boardbench.errors import BoardbenchError, nearest
from boardbench.files import atomic_write
from boardbench.labels.files import read_labels
from boardbench.labels.render import FALSE_COLOUR
from boardbench.labels.shapes import Picture, draw

UNLABELLED = "unlabelled"


def write_masks(
    *,
    labels: list[Path],
    root: Path,
    classes: list[str],
    rest: str = UNLABELLED,
    rename: list[str] | None = None,
    replace: bool = False,
) -> None:
    """Write mask.png into the folder of each labelled capture, in the capture's own geometry.

    A label file is LabelMe's JSON (polygon, rectangle, circle, mask), CVAT's XML ("CVAT for images 1.1": polygon, box,
    ellipse, mask) or COCO's JSON (polygons, runs). Its pictures are those of 'boardbench labels render', or any called
    as the capture and of its size. A pixel belongs to a shape where its centre does; where shapes overlap the top one
    counts, and a hole shows what lies below. All masks appear, or none.

    Args:
        labels: files, or folders of them.
        root: folder that holds the capture folders.
        classes: names in the order of their ids; labels are matched by name.
        rest: class of pixels in no shape; 'unlabelled' (255) leaves them out of training and scores.
        rename: LABEL=CLASS for labels called otherwise, or LABEL=unlabelled.
        replace: replace masks that are there.

    Raises:
        BoardbenchError: label files that cannot be read, pictures without a capture, of another size or twice, labels
            that are no class, masks that are there already.
    """
    ids = _ids(classes, rename or [])
    if rest not in (*classes, UNLABELLED):
        raise BoardbenchError(f"--rest {rest}: no class. {nearest(rest, [*classes, UNLABELLED])}")
    folders = {capture_name(files.folder): files for files in find_captures(root)}
    masks, seen, problems = {}, {}, []
    for picture in (picture for path in labels for picture in read_labels(path)):
        name = _capture_of(picture, folders)
        if name is None:
            problems.append(
                f"{picture.where}: no capture '{picture.name}' below {root}. {nearest(picture.name, [*folders])}"
            )
            continue
        if name in seen:
            problems.append(f"{picture.where}: capture '{name}' is labelled in {seen[name]} already. Give one of them.")
            continue
        seen[name] = picture.where
        target = folders[name].folder / "mask.png"
        if target.exists() and not replace:
            problems.append(f"{target}: there already. Move it away, or give --replace.")
            continue
        try:
            masks[target] = _mask(picture, folders[name], ids, ids.get(rest, IGNORED))
        except BoardbenchError as error:
            problems.append(str(error))
    if problems or not masks:
        listed = "\n".join(f"  {problem}" for problem in problems) or "  no picture in the label files"
        raise BoardbenchError(f"no mask written:\n{listed}")
    for target, mask in masks.items():
        with atomic_write(target) as temporary:
            Image.fromarray(mask).save(temporary, format="PNG")
    absent = [name for name in folders if name not in seen]
    print(
        f"{len(masks)} masks written"
        + (f"; {len(absent)} captures not labelled: {', '.join(absent)}" if absent else "")
    )


def _ids(classes: list[str], rename: list[str]) -> dict[str, int]:
    """Return the id of each label."""
    ids = {name: number for number, name in enumerate(classes)}
    known = ids | {UNLABELLED: IGNORED}
    for word in rename:
        label, equals, name = word.partition("=")
        if not equals or name not in known:
            raise BoardbenchError(
                f"--rename {word}: not LABEL=CLASS. {nearest(name, list(known))} Write for example --rename 'IC=ic'."
            )
        ids[label] = known[name]
    return ids


def _capture_of(picture: Picture, folders: dict[str, LumoFiles]) -> str | None:
    names = (picture.name, picture.name.removesuffix(FALSE_COLOUR))
    return next((name for name in names if name in folders), None)


def _mask(picture: Picture, files: LumoFiles, ids: dict[str, int], rest: int) -> np.ndarray:
    cube = open_cube(files.cube or files.reflectance)
    return draw(picture, cube.shape[:2], ids, rest)
