"""What needs a GPU, in one command: training at the papers' sizes, and networks on all of CIFAR-10.

Usage: python benchmarks/gpu.py --out FOLDER [--minutes 9] [--cifar PATH] [--wheels FOLDER]

The most telling parts come first; a part begins only if the last one of its kind would have fitted into the minutes
that are left. gpu.csv has a row a part, those that did not run with their reason; gpu_cifar.csv a row a training on
CIFAR-10, gpu_history.csv a row an epoch of them. All are written again after each part, so a kill loses the part that
runs. Needs Python 3.12 or 3.11, torch with CUDA, and a few packages: --wheels brings them to a machine without a
network. ``--dry`` tries the code on the processor at tiny sizes; its times say nothing.
"""

import argparse
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from gpu_table import ROOT, Clock, Job, Table, go_through

# Module -> distribution: what a training imports besides torch. Whatever these need comes with them.
NEEDS = {
    "filelock": "filelock",
    "pandas": "pandas",
    "PIL": "pillow",
    "psutil": "psutil",
    "pydantic": "pydantic",
    "requests": "requests",
    "tqdm": "tqdm",
    "yaml": "pyyaml",
}
PLATFORMS = [f"manylinux_2_{version}_x86_64" for version in (28, 27, 17)] + ["manylinux2014_x86_64"]


def prepare(folder: Path) -> None:
    """Bring the wheels that a machine with Python 3.12 and torch may lack into a folder."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:", "--python-version", "3.12"]
    command += ["--implementation", "cp", *(f"--platform={platform}" for platform in PLATFORMS)]
    command += ["--constraint", str(ROOT / "constraints.txt"), "--dest", str(folder), *NEEDS.values()]
    if subprocess.run(command, check=False).returncode:
        shutil.rmtree(folder, ignore_errors=True)  # half a folder would pass for a whole one
        raise SystemExit(f"{folder}: the wheels could not be brought (see above); this step needs a network.")
    size = sum(wheel.stat().st_size for wheel in folder.iterdir())
    print(f"{folder}: {len(list(folder.iterdir()))} wheels, {size / 1e6:.0f} MB. Give --wheels on the other machine.")


def missing() -> dict[str, str]:
    """Return module and distribution of what is needed and not there."""
    return {module: name for module, name in NEEDS.items() if importlib.util.find_spec(module) is None}


def use(wheels: Path | None, target: Path) -> None:
    """Have what is needed: what is missing is unpacked into ``target``, behind all that the machine has itself."""
    if not (lacking := missing()):
        return
    names = ", ".join(lacking.values())
    if wheels is None:
        raise SystemExit(
            f"{names}: not installed here. On a machine with a network: gpu.py --wheels FOLDER; then here."
        )
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-compile", "--target", str(target)]
    if subprocess.run([*command, "--find-links", str(wheels), *lacking.values()], check=False).returncode:
        raise SystemExit(f"{wheels}: {names} could not be installed from it (see above). Prepare an empty folder anew.")
    sys.path.append(str(target))
    importlib.invalidate_caches()


def plan(*given: Any) -> list[Job]:
    """Return the parts, the most telling first; ``given`` is what a Part takes."""
    from gpu_boards import STRATEGIES, Boards
    from gpu_cifar import NETWORKS, Images, rows_of

    boards, images = Boards(*given), Images(*given)
    networks = boards.sizes.table7
    seeds = boards.options.seeds if boards.options.cifar or boards.options.dry else 1

    def each(kind: str, run: Callable) -> list[Job]:
        return [
            Job(kind, ((kind, STRATEGIES[strategy], precision),), partial(run, strategy, precision))
            for precision in ("32", "bf16")
            for strategy in STRATEGIES
        ]

    def cifar(seed: int) -> list[Job]:
        return [
            Job(
                "CIFAR-10",
                tuple(("CIFAR-10", what, "bf16") for what in rows_of(name)),
                partial(images.cifar, name, seed),
            )
            for name in NETWORKS
        ]

    table7 = [Job(name, (("paper 2 table 7", name, "32"),), partial(images.table7, name)) for name in networks]
    later = [job for seed in range(1, seeds) for job in cifar(seed)]
    return [*each("training step", boards.step), *table7, *cifar(0), *each("epoch", boards.epoch), *later]


def options_of(arguments: list[str] | None) -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--out", type=Path, default=Path("results/gpu"), help="folder of the tables; default: %(default)s"
    )
    parser.add_argument("--minutes", type=float, default=9.0, help="at most, about; default: %(default)g")
    parser.add_argument("--cifar", type=Path, help="CIFAR-10: archive, or folder of its files; none: left out")
    parser.add_argument("--epochs", type=int, default=30, help="of a training on CIFAR-10; default: %(default)s")
    parser.add_argument("--seeds", type=int, default=5, help="trainings of each network, at most; default: %(default)s")
    parser.add_argument(
        "--wheels", type=Path, help="folder of wheels; where there is none it is filled, and no more done"
    )
    parser.add_argument("--dry", action="store_true", help="tiny sizes on the processor: tries the code")
    options = parser.parse_args(arguments)
    if options.cifar and not options.cifar.exists():
        parser.error(f"--cifar {options.cifar}: no such file or folder")
    for flag in ("minutes", "epochs", "seeds"):
        if getattr(options, flag) <= 0:
            parser.error(f"--{flag} {getattr(options, flag)}: it must be above 0")
    return options


def main(arguments: list[str] | None = None) -> None:
    """Measure, or prepare."""
    options = options_of(arguments)
    clock = Clock(options.minutes)
    if options.wheels and not options.wheels.exists():
        return prepare(options.wheels)
    sys.path.insert(0, str(ROOT / "src"))
    with tempfile.TemporaryDirectory() as name:
        use(options.wheels, Path(name) / "packages")
        if importlib.util.find_spec("torch") is None:
            raise SystemExit("torch is not installed here; --wheels brings none.")
        import torch

        from gpu_measure import DRY, FULL

        if not (options.dry or torch.cuda.is_available()):
            raise SystemExit("torch finds no GPU here. --dry tries the code on the processor.")
        options.out.mkdir(parents=True, exist_ok=True)
        if options.cifar is None and not options.dry:
            print("without --cifar the part on CIFAR-10 is left out", flush=True)
        jobs = plan(Path(name), options.out, DRY if options.dry else FULL, clock, options)
        table = Table(options.out / "gpu.csv", jobs)
        go_through(jobs, table, clock)
    done = sum("card" in row for row in table.rows.values())
    print(f"{options.out / 'gpu.csv'}: {done} of {len(table.rows)} rows measured", flush=True)


if __name__ == "__main__":
    main()
