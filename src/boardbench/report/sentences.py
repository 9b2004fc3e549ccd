"""What the page says of numbers, in one form: question, difference, interval, what it is over, conclusion."""

from collections.abc import Iterable

from boardbench.report.columns import signed

COUNTS = {"seeds": "seed", "scenes": "test scene", "test_images": "test image"}


def over(row: dict[str, str]) -> str:
    """Return how many seeds, scenes and images a row of a table is of, in words."""
    counts = {word: row[key] for key, word in COUNTS.items() if row.get(key)}
    return ", ".join(f"{count} {word}{'s' if count != '1' else ''}" for word, count in counts.items())


def answer(question: str, row: dict[str, str], unit: str = "") -> str:
    """Answer a question by a row with difference, low, high (empty where there is no interval) and conclusion."""
    limits = f"95 % interval {' to '.join(signed(float(row[end])) for end in ('low', 'high'))}" if row["low"] else ""
    inside = "; ".join(filter(None, (limits, over(row))))
    return f"{question} {signed(float(row['difference']))}{unit} ({inside}), {row['conclusion']}."


def tally(question: str, found: Iterable[tuple[str, str]]) -> str:
    """Answer a question by many comparisons: how many have each conclusion, the most frequent first, others by name.

    Args:
        question: what was compared.
        found: name and conclusion of each comparison.
    """
    groups: dict[str, list[str]] = {}
    for name, conclusion in found:
        groups.setdefault(conclusion, []).append(name)
    total, parts = sum(map(len, groups.values())), []
    for conclusion, names in sorted(groups.items(), key=lambda group: -len(group[1])):
        which = f" ({'; '.join(dict.fromkeys(names))})" if parts else ""
        parts.append(f"{conclusion} in {len(names)} of {total}{which}")
    return f"{question}: {', '.join(parts)}."


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
