"""A notebook as a page: its Markdown, its code, and what the code gave."""

import base64
import json
from pathlib import Path

from sitegen.writing import joined


def page(path: Path) -> tuple[str, dict[str, bytes]]:
    """Return the page, and its pictures by name.

    Args:
        path: the notebook, with its outputs.
    """
    parts, pictures = [], {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append(f"```python\n{source}\n```")
        for output in cell["outputs"]:
            data = output.get("data", {})
            if "image/png" in data:
                name = f"{path.stem}-{len(pictures) + 1}.png"
                pictures[name] = base64.b64decode("".join(data["image/png"]))
                parts.append(f"![What the code above draws]({name})")
                continue
            text = "".join(output.get("text", data.get("text/plain", "")))
            if text.strip():
                parts.append(f"```text\n{text.rstrip()}\n```")
    parts.append(f"The notebook as a file: [{path.name}]({path.name}).")
    return joined(*parts), pictures
