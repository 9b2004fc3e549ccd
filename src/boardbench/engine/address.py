"""Where an MLflow store is: an SQLite file, a database server or an MLflow server; a password in it is never shown."""

import os
import re
from pathlib import Path
from urllib.parse import unquote

from boardbench.errors import BoardbenchError

SERVERS = ("postgresql", "http", "https")
_KNOWN = "an SQLite file (results/mlflow.db), postgresql://USER@HOST/DATABASE, http://HOST:PORT, or $NAME of a variable"
_VARIABLE = "BOARDBENCH_TRACKING"
# Greedy up to the last @: a password with an unquoted / or @ in it is hidden too, and so is a token before the @.
_PASSWORD = re.compile(r"(:/+[^:/@?]*:)(.*)(?=@)")
_TOKEN = re.compile(r"(:/+)([^:/@?]+)(?=@)")
_QUERY = re.compile(r"([?&][^=&]*(?:pass|secret|token|key)[^=&]*=)([^&#]*)", re.IGNORECASE)


class StoreAddress:
    """The address of an MLflow store; as text it has no password.

    Attributes:
        uri: what MLflow takes, password and all: for nobody's eyes.
        path: the SQLite file; None: a server.
        scheme: sqlite, or one of SERVERS (``postgresql+DRIVER`` is postgresql).
    """

    def __init__(self, text: "str | Path | StoreAddress"):
        """Read an address.

        Raises:
            BoardbenchError: a variable that is not set, or an address of another kind.
        """
        given = (text.path or text.uri) if isinstance(text, StoreAddress) else _looked_up(str(text))
        given = str(given)
        address = re.match(r"([A-Za-z][A-Za-z0-9+.-]+):(/+)", given)
        self.scheme = address[1].lower().split("+")[0] if address else "sqlite"
        self.uri, self.path = given, None
        if self.scheme == "sqlite":
            self.path = Path(re.sub(r"^sqlite:///", "", given, flags=re.IGNORECASE))
            self.uri = f"sqlite:///{self.path.absolute()}"  # MLflow keeps what it opened, by this text
        elif self.scheme not in SERVERS or len(address[2]) != 2:
            raise BoardbenchError(f"tracking: '{self}' is no store of a kind that is known. Give {_KNOWN}.")

    def __str__(self) -> str:
        if self.path is not None:
            return str(self.path)
        text = self.uri
        for pattern in self._secrets:
            text = pattern.sub(r"\1***", text)
        return text

    def __repr__(self) -> str:
        return f"StoreAddress({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StoreAddress) and self.uri == other.uri

    def __hash__(self) -> int:
        return hash(self.uri)

    @property
    def _secrets(self) -> list[re.Pattern]:
        """What is hidden; a server's user without a password is a token, a database's is a user."""
        return [_PASSWORD, _QUERY] if self.scheme == "postgresql" else [_PASSWORD, _TOKEN, _QUERY]

    def masked(self, text: str) -> str:
        """Return a text of any origin, such as a library's error, without the address's passwords."""
        text = text.replace(self.uri, str(self))
        if self.path is not None:
            return text
        found = [match[2] for pattern in self._secrets for match in pattern.finditer(self.uri)]
        for secret in sorted({word for one in found for word in (one, unquote(one)) if word}, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text


def hand_to_jobs(text: str) -> str:
    """Put an address into a variable of this process and its children; return it as the variable's name.

    So a password in it is in no command line of a job, no log and no record of the workflow.
    """
    os.environ[_VARIABLE] = text
    return f"${_VARIABLE}"


def _looked_up(text: str) -> str:
    """Return what a variable holds, where the address is one's name; so that a password stands in no file."""
    for _ in range(3):  # the workflow names its variable, which may name the user's
        if not text.startswith("$"):
            return text
        name, text = text, os.environ.get(text[1:].strip("{}"), "")
        if not text:
            break
    raise BoardbenchError(f"tracking: the variable {name} is not set, or names itself. Set it, or give {_KNOWN}.")


STORE = StoreAddress("results/mlflow.db")
"""Where nothing else is said."""
