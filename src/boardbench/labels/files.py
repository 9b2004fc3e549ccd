"""Label files of any tool: which it is, and the pictures in it."""

from pathlib import Path

from boardbench.files import parse_json, read_text
from boardbench.labels.coco import read_coco
from boardbench.labels.cvat import read_cvat
from boardbench.labels.labelme import read_labelme
from boardbench.labels.shapes import Picture, refuse


def read_labels(path: Path) -> list[Picture]:
    """Return the labelled pictures of a file, or of all .json and .xml files of a folder.

    Raises:
        BoardbenchError: nothing there, or a file that no tool of the three writes.
    """
    if path.is_dir():
        files = sorted(
            file for kind in ("*.json", "*.xml") for file in path.glob(kind) if not file.name.startswith("._")
        )
        if not files:
            raise refuse(str(path), "no .json or .xml file in this folder")
        return [picture for file in files for picture in read_labels(file)]
    if path.suffix.lower() == ".xml":
        return read_cvat(path)
    try:
        content = parse_json(read_text(path, "label file"))
    except ValueError as error:
        raise refuse(str(path), f"not readable as JSON ({error})") from None
    if isinstance(content, dict) and "shapes" in content:
        return read_labelme(content, path)
    if isinstance(content, dict) and "annotations" in content:
        return read_coco(content, path)
    raise refuse(str(path), "neither LabelMe's 'shapes' nor COCO's 'annotations' in it")
