"""The verb ``sync``: MLflow shows what lies on disk, in a new store where the former one is damaged."""

from pathlib import Path

from boardbench.engine.address import STORE, StoreAddress
from boardbench.engine.store import DamagedStoreError, is_whole, locked
from boardbench.engine.tracking import Store
from boardbench.errors import BoardbenchError
from boardbench.study import STUDIES, find_study


def sync(*, results: Path = Path("results"), tracking: StoreAddress = STORE) -> None:
    """Show every finished run on disk in MLflow. A damaged store is moved aside and made anew.

    Entries that are there get the scores on disk; missing ones, and those of killed runs, are made from the run
    folders: parameters, history, scores and files. Only the model registry cannot be made from them: what it held stays
    in the file that was moved aside, and 'boardbench export' registers a model again.

    Args:
        results: folder of all studies; run folders below it are those with metrics.json.
        tracking: MLflow store: an SQLite file, postgresql://USER@HOST/DATABASE, http://HOST:PORT, or $NAME of a
            variable that holds one.

    Raises:
        BoardbenchError: no finished run, or a store that cannot be used.
    """
    runs, tracking = find_runs(results), StoreAddress(tracking)
    if not any(runs.values()):
        raise BoardbenchError(f"{results}: no finished run (metrics.json) below it. Name the folder with --results.")
    aside = _set_aside(tracking) if tracking.path is not None and tracking.path.is_file() else None
    if aside:
        print(f"{tracking}: damaged; moved to {aside}, and made anew from the runs on disk.", flush=True)
    store, left_out = Store(tracking), []
    store.close_gone()
    for study, folders in runs.items():
        show = find_study(study, str(results)).get("show")
        for folder in folders:
            try:
                show([folder], store)
            except (BoardbenchError, OSError, KeyError, TypeError, ValueError) as error:
                left_out.append(f"{folder}: not shown, its files are not those of a finished run ({error!r}).")
        if store.failure:
            raise BoardbenchError(store.failure)
        if folders:
            print(f"{study}: {len(folders)} runs of {results} are in {tracking}", flush=True)
    if left_out:
        raise BoardbenchError("\n".join([*left_out, "Make these runs again (snakemake); all others are shown."]))


def find_runs(results: Path) -> dict[str, list[Path]]:
    """Return study -> its finished run folders: every folder below results/<study>/ that has a metrics.json."""
    return {study: sorted(path.parent for path in results.glob(f"{study}/*/**/metrics.json")) for study in STUDIES}


def _set_aside(address: StoreAddress) -> Path | None:
    """Rename a damaged SQLite file to a free name beside it, with its journals; return that name."""
    path = address.path
    with locked(address):
        try:
            if is_whole(address):
                return None
        except DamagedStoreError:
            pass
        numbers = range(1, 1000)
        aside = next(new for number in numbers if not (new := path.with_name(f"{path.name}.damaged-{number}")).exists())
        for suffix in ("", "-journal", "-wal", "-shm"):
            if (file := Path(f"{path}{suffix}")).exists():
                file.rename(f"{aside}{suffix}")
    return aside
