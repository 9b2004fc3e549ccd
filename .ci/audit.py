"""Known weaknesses of the locked versions, by pip-audit: `make audit`.

pip-audit calls a package that its database does not know "skipped" and succeeds, so that where no database can be
reached (a mirror, no network) all is skipped and nothing was checked. Here that is said, and is no success.

Exit codes: 0 nothing known; 1 a weakness is known; 2 no database could be reached, or some packages are not in it.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCK = Path(__file__).resolve().parents[1] / "constraints.txt"
COMMAND = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "--format", "json", "--requirement"]


def verdict(packages: list[dict[str, Any]]) -> tuple[int, list[str]]:
    """Return the exit code and what to say of pip-audit's list of packages."""
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    if len(skipped) == len(packages):
        return 2, ["audit: no vulnerability database could be reached; NOTHING was checked. Run it with a network."]
    words = [
        f"{package['name']} {package['version']}: {weakness['id']}, mended in {' or '.join(weakness['fix_versions'])}"
        if weakness["fix_versions"]
        else f"{package['name']} {package['version']}: {weakness['id']}, not mended yet"
        for package in packages
        for weakness in package.get("vulns", [])
    ]
    known = len(words)
    words.append(f"audit: {len(packages) - len(skipped)} of {len(packages)} packages checked, {known} weaknesses known")
    if skipped:
        words.append(f"audit: not in the database, so not checked: {', '.join(skipped)}")
    return 1 if known else 2 if skipped else 0, words


def main() -> None:
    """Run pip-audit on the lock."""
    answer = subprocess.run([*COMMAND, str(LOCK)], capture_output=True, text=True, check=False)
    try:
        packages = json.loads(answer.stdout)["dependencies"]
    except (ValueError, KeyError):
        last = (answer.stderr.strip().splitlines() or ["no answer"])[-1]
        print(f"audit: no vulnerability database could be reached; NOTHING was checked ({last})")
        raise SystemExit(2) from None
    code, words = verdict(packages)
    print("\n".join(words))
    raise SystemExit(code)


if __name__ == "__main__":
    main()
