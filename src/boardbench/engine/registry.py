"""A folder of modules as a registry: one file an entry, named like its file."""

import importlib
import pkgutil
from typing import Any

from boardbench.errors import BoardbenchError, nearest


class Registry:
    """Entries found by their files, so that a new entry is one new file and its name in params.

    Nothing is imported before an entry is asked for: ``names`` costs a directory listing.

    Args:
        package: import name of the folder; its modules whose names begin with ``_`` are helpers, not entries.
        kind: what an entry is, for messages, and the params key's singular: ``backbone``, ``strategy``.
        key: the params key that names entries.
        attribute: the module attribute that holds the entry.
        helpers: further modules of the folder that are no entries.
    """

    def __init__(self, package: str, kind: str, key: str, attribute: str, helpers: tuple[str, ...] = ()):
        self._package, self._kind, self._key, self._attribute = package, kind, key, attribute
        self._helpers = helpers

    def names(self) -> list[str]:
        """Return the valid names, in alphabetical order."""
        found = pkgutil.iter_modules(importlib.import_module(self._package).__path__)
        return sorted(m.name for m in found if m.name not in self._helpers and not m.name.startswith("_"))

    def check(self, name: str) -> None:
        """Refuse an unknown name, without importing anything.

        Raises:
            BoardbenchError: naming the nearest valid name and all of them.
        """
        valid = self.names()
        if name not in valid:
            hint = nearest(name, valid)
            listed = "" if hint.startswith("Valid") else f" Valid: {', '.join(valid)}."
            raise BoardbenchError(f"{self._key}: unknown {self._kind} '{name}'. {hint}{listed}")

    def get(self, name: str) -> Any:
        """Return the entry of that name.

        Raises:
            BoardbenchError: for an unknown name, or naming the file that lacks its entry.
        """
        self.check(name)
        module = importlib.import_module(f"{self._package}.{name}")
        if not hasattr(module, self._attribute):
            raise BoardbenchError(
                f"{module.__file__}: no {self._attribute}, so '{name}' is not a {self._kind}. "
                f"Set {self._attribute} there, or begin a helper module's name with '_'."
            )
        return getattr(module, self._attribute)
