"""The verb ``preset``: a preset laid over params.yaml, for those who run through DVC, which reads nothing else."""

import io
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, RoundTripRepresenter
from ruamel.yaml.error import YAMLError

from boardbench.errors import BoardbenchError
from boardbench.files import write_text
from boardbench.params.params import load_params


class _WithNull(RoundTripRepresenter):
    """Writes null as params.yaml does, and not as nothing."""


_WithNull.add_representer(type(None), lambda writer, _: writer.represent_scalar("tag:yaml.org,2002:null", "null"))


def preset(*, overlay: Path, params: Path = Path("params.yaml")) -> None:
    """Lay a preset over params.yaml: the keys it has take its values, lists whole; comments stay.

    As ``--configfile`` does for one run of Snakemake, but in the file. ``git checkout params.yaml`` undoes it.

    Args:
        overlay: YAML file, such as workflow/presets/tiny.yaml.
        params: file that is changed.

    Raises:
        BoardbenchError: an unreadable file, an unknown key or a wrong value; nothing is changed.
    """
    reader = YAML()
    reader.Representer = _WithNull
    reader.indent(mapping=2, sequence=4, offset=2)
    reader.preserve_quotes, reader.width = True, 1000
    merged = _merged(_read(reader, params), _read(reader, overlay))
    load_params(merged, str(overlay))
    buffer = io.StringIO()
    reader.dump(merged, buffer)
    write_text(params, buffer.getvalue())


def _read(reader: YAML, path: Path) -> Any:
    try:
        content = reader.load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BoardbenchError(f"{path}: no such file. Presets lie in workflow/presets/.") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise BoardbenchError(f"{path}: not readable as YAML. Mend it: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise BoardbenchError(f"{path}: no keys in it; it needs sections as params.yaml has them.")
    return content


def _merged(base: Any, overlay: Any) -> Any:
    for key, value in overlay.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            _merged(base[key], value)
        else:
            base[key] = value
    return base
