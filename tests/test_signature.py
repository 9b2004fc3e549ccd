"""What a verb takes, read from its source without importing it."""

import sys
from pathlib import Path

from boardbench.params.split import Split
from boardbench.signature import REQUIRED, signature_of

SOURCE = '''
import a_module_that_is_not_there
from boardbench.labels.masks import UNLABELLED
from boardbench.params.split import Split
from pathlib import Path

OWN = 7

def verb(
    *, out: Path, name: str = UNLABELLED, count: int = OWN, files: list[Path] | None = None, params: Split
) -> None:
    """Do it.

    More of it.

    Args:
        out: folder, given
            in two lines.
        count: of ``things``.

    Raises:
        ValueError: never.
    """
'''


def test_a_verb_is_read_and_not_imported(tmp_path, monkeypatch):
    (tmp_path / "verb_of_a_test.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    found = signature_of("verb_of_a_test:verb")
    assert found.text == "Do it.\n\nMore of it."
    assert [(one.name, one.annotation, one.default, one.help) for one in found.arguments] == [
        ("out", Path, REQUIRED, "folder, given in two lines."),
        ("name", str, "unlabelled", ""),
        ("count", int, 7, "of things."),
        ("files", list[Path] | None, None, ""),
        ("params", Split, REQUIRED, ""),
    ]
    assert "verb_of_a_test" not in sys.modules
