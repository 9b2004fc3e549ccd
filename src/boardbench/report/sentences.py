"""What the page says of every study's numbers."""


def signed(text: str) -> str:
    """Return a difference with its sign and three decimals; an empty cell is a dash."""
    return f"{float(text):+.3f}".replace("-", "\N{MINUS SIGN}") if text else "\N{EN DASH}"


def seeds_of(row: dict[str, str]) -> str:
    """Return how many seeds a row of a table is of, in words."""
    return f"{row['seeds']} seed{'s' if row['seeds'] != '1' else ''}"


def benchmark(row: dict[str, str]) -> dict[str, str]:
    """Return a row of benchmarks.csv with what the page says of it.

    Args:
        row: text; ratio is how many times better ours is, target the least ratio wanted; of a unit that ends in "/s"
            more is better, of all others less; limit is what the machine cannot pass.

    Returns:
        the row, its ``verdict`` (met, missed, stated where there is no target or rival, not run), and ``limits``: how
        many times worse than the limit ours is; empty without one, or where it is 0.
    """
    if not row["ours_median"]:
        return row | {"verdict": "not run", "limits": ""}
    stated = not (row["ratio"] and row["target"])
    verdict = "stated" if stated else "met" if float(row["ratio"]) >= float(row["target"]) else "missed"
    limits = ""
    if row["limit"] and float(row["limit"]):
        ours, limit = float(row["ours_median"]), float(row["limit"])
        limits = str(limit / ours if row["unit"].endswith("/s") else ours / limit)
    return row | {"verdict": verdict, "limits": limits}
