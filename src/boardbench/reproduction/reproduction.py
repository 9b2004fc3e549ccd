"""Every number that a paper printed, beside what its evidence gives and what we measured or counted.

One module (or package) a paper: ``TABLES`` has a function under the name of each published table, ``CHECKS`` one under
the id of a sentence. claims.csv has the sentences and the texts of their rows, into which is filled what the function
finds; where the text says it all, no function is needed. What nothing settles names, in its derivation, the run
("run: ...") or the source outside the papers ("source: ...") that would; a command in backticks there repeats it.
A row that no paper prints, or that repeats another table, stands there and is not counted (column ``uncounted``).
"""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from boardbench.errors import BoardbenchError
from boardbench.files import write_text
from boardbench.reproduction import paper1, paper2, paper3, paper4, paper5
from boardbench.reproduction.checks import AUTHORS, COMMAND, PCBVISION, Cell, Check
from boardbench.reproduction.evidence import Evidence, damaged, number, read_evidence
from boardbench.reproduction.ours import SCORED, Row, Rows
from boardbench.reproduction.paper1 import consistency
from boardbench.reproduction.paper1.scores import printed_rows
from boardbench.reproduction.verdicts import (
    BUILT,
    CONTRADICTED,
    MATCHES,
    NOT_RUN,
    REASONS,
    SOURCE,
    VERDICTS,
    Claim,
    Finding,
    numbers_in,
)

COLUMNS = ("paper", "study", "place", "cell", "published", "recomputed", "ours", "command", "verdict", "reason", "why")
COLUMNS += ("uncounted",)
STUDIES = {"1": "segmentation", "2": "classification", "3": "classification", "4": "placement", "5": "classification"}
CHECKS: dict[str, Check] = paper1.CHECKS | paper2.CHECKS | paper3.CHECKS | paper4.CHECKS | paper5.CHECKS
TABLES: dict[str, dict[str, Cell]] = {"2": paper2.TABLES, "3": paper3.TABLES, "5": paper5.TABLES}
LABELS = ("method", "k", "distance", "normalization", "network", "setting", "device")
_UNKNOWN = "Takes a run; no check of this table is written yet."
# Kind of a derivation -> how its row begins, and why it was not run unless the claim says otherwise.
_WITHOUT = {"run": ("Takes a run: ", BUILT), "source": ("Takes a source outside the papers: ", SOURCE)}
# Places of paper 1's numbers -> why they are no numbers of their own.
_UNCOUNTED = dict.fromkeys(paper1.REPEATED.values(), "repeat") | {"logs": "not printed"}


def _row(paper: str, place: str, cell: str, published: str, found: Finding, command: str, uncounted: str = "") -> Row:
    values = (paper, STUDIES.get(paper, ""), place, cell, published, found.recomputed, found.ours)
    values += (command, found.verdict, found.reason, found.why, uncounted)
    return dict(zip(COLUMNS, values, strict=True))


def _numbers(evidence: Evidence) -> Rows:
    """Return the rows of every cifar10_*.csv."""
    rows = []
    for file, printed in evidence.tables.items():
        for row in printed:
            paper, _, tables = row["source"].removeprefix("paper ").partition(" ")
            label = " ".join(row[name] for name in LABELS if row.get(name))
            for column in [name for name in row if name not in (*LABELS, "source") and row[name] != ""]:
                found = judge_number(evidence, file, row, column)
                command = found.command or (COMMAND if found.recomputed else "")
                rows.append(_row(paper, tables, f"{label} {column}", row[column], found, command))
    return rows


def judge_number(evidence: Evidence, file: str, row: Row, column: str) -> Finding:
    """Judge one number of a cifar10_*.csv."""
    number(evidence.published / file, row, column)
    judge = TABLES.get(row["source"].split()[1], {}).get(file)
    return judge(evidence, row, column) if judge else Finding(NOT_RUN, "", _UNKNOWN, reason=BUILT)


def judge_claim(evidence: Evidence, claim: Claim) -> Finding:
    """Judge one sentence: by its check; by its text alone, whose numbers must be the sentence's; or not at all.

    Raises:
        BoardbenchError: the sentence has neither of them nor a stated run or source, its value has not the numbers that
            its check compares, its texts name what the check does not find, or it was not run for no stated reason;
            names the file, the id and the remedy.
    """
    path = evidence.published / "claims.csv"
    command = re.search(r"`([^`]+)`", claim.derivation)
    named = command.group(1) if command else ""
    read = {"author": AUTHORS.get(claim.paper, ""), "pcbvision": PCBVISION}

    def filled(text: str, known: dict[str, Any]) -> str:
        try:
            return text.format(**known)
        except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
            raise damaged(path, f"text {text!r} of claim {claim.id} cannot be filled in ({error!r})") from None

    if claim.id in CHECKS:
        try:
            told, known = CHECKS[claim.id](evidence, claim)
        except (IndexError, ValueError, ZeroDivisionError):
            what = f"value {claim.value!r} of claim {claim.id} lacks numbers that its check needs"
            raise damaged(path, what) from None
    elif claim.recomputed:
        known = paper1.facts(evidence) if claim.paper == "1" else {}
        text = filled(claim.recomputed, read | known)
        told = list(map(float, numbers_in(text))) == claim.numbers if claim.texts else text == claim.value
    elif claim.why:
        told, known = NOT_RUN, {}
    else:
        kind, _, rest = (part.strip() for part in claim.derivation.partition(":"))
        if kind not in _WITHOUT or not rest:
            what = f"claim {claim.id} has no check in boardbench.reproduction, no text, and its derivation, "
            what += f"{claim.derivation!r}, begins neither with 'run: ' nor with 'source: '"
            raise damaged(path, what)
        begin, reason = _WITHOUT[kind]
        told, known = NOT_RUN, {"why": f"{begin}{rest.rstrip('.')}.", "reason": claim.reason or reason}
    known = read | known
    why = known.get("why") or filled(claim.why, known)
    recomputed = known.get("recomputed", "") if "why" in known else filled(claim.recomputed, known)
    verdict = {True: MATCHES, False: CONTRADICTED}.get(told, told)
    reason = known.get("reason") or claim.reason if verdict == NOT_RUN else ""
    if verdict == NOT_RUN and reason not in REASONS:
        raise damaged(path, f"claim {claim.id} was not run, and its column reason is none of: {'; '.join(REASONS)}")
    return Finding(verdict, recomputed, why, known.get("ours", ""), known.get("command") or named, reason)


def reproduction_rows(evidence: Evidence) -> Rows:
    """Return every row, paper by paper, tables before sentences."""
    rows = [_row("1", *printed, _UNCOUNTED.get(printed[0], "")) for printed in paper1.numbers(evidence)]
    rows += _numbers(evidence)
    for claim in evidence.claims:
        found = judge_claim(evidence, claim)
        command = found.command or (COMMAND if found.recomputed or found.ours else "")
        rows.append(_row(claim.paper, claim.place, f"{claim.id}: {claim.claim}", claim.value, found, command))
    return sorted(rows, key=lambda row: row["paper"])  # stable: the order within a paper stays


def summary(rows: Rows) -> dict[str, Any]:
    """Return what the report page shows of it: of the rows that count, and how many do not."""

    def counted(rows: Rows) -> dict[str, int]:
        counts = Counter(row["verdict"] for row in rows)
        return {verdict: counts[verdict] for verdict in VERDICTS}

    uncounted = Counter(row["uncounted"] for row in rows if row["uncounted"])
    rows = [row for row in rows if not row["uncounted"]]
    by_paper = {paper: [row for row in rows if row["paper"] == paper] for paper in {row["paper"]: 0 for row in rows}}
    papers = [
        {"paper": paper, "study": STUDIES.get(paper, ""), "total": len(of)} | counted(of)
        for paper, of in by_paper.items()
    ]
    why = {paper: Counter(row["reason"] for row in of) for paper, of in by_paper.items()}
    reasons = [
        {"reason": reason} | {f"paper {paper}": counts[reason] for paper, counts in why.items()}
        for reason in REASONS
        if any(counts[reason] for counts in why.values())
    ]
    contradicted = [row for row in rows if row["verdict"] == CONTRADICTED]
    found = {"total": len(rows), "uncounted": dict(uncounted), "counts": counted(rows), "papers": papers}
    return found | {"reasons": reasons, "contradicted": contradicted}


def _markdown(rows: Rows, found: dict[str, Any]) -> str:
    """Return it as Markdown: counts, what the tables say without logs, and every row."""
    lines = [
        "# Reproduction of published numbers",
        "",
        "Every published number: what its evidence gives, what we found, and the verdict.",
        "",
    ]
    lines += [pd.DataFrame(found["papers"]).to_markdown(index=False), ""]
    lines += ["Why what was not run was not:", "", pd.DataFrame(found["reasons"]).to_markdown(index=False), ""]
    left_out = ", ".join(f"{count} {why}" for why, count in found["uncounted"].items())
    lines += [f"Rows below that are not counted above: {left_out or 'none'}.", ""]
    lines += [*(f"- {sentence}" for sentence in found["checks"]), ""]
    # Not padded: aligned columns would make the file four times as large.
    lines += [f"| {' | '.join(COLUMNS)} |", f"|{' --- |' * len(COLUMNS)}"]
    lines += [f"| {' | '.join(row[name].replace('|', chr(92) + '|') for name in COLUMNS)} |" for row in rows]
    return "\n".join(lines) + "\n"


def reproduction(
    *,
    reports: Path,
    datasets: list[str] | None = None,
    tables: list[Path] | None = None,
    out: Path | None = None,
) -> None:
    """Write ``reproduction.csv``, ``.md`` and ``.json``: a row a published number, and a summary.

    Files of equal content are not touched.

    The verdict compares the published number with what the evidence gives (``recomputed``), or where there is no
    evidence with our own count (``ours``). Scores of ours come from real PCB-Vision runs alone, never from simulated
    boards.

    Args:
        reports: folder with ``published/`` and the published tables of every dataset.
        datasets: names of the data sets of a run, whose tables stand in place of the published ones of that name.
        tables: for each, the folder that 'boardbench STUDY tables' filled.
        out: folder of the files; ``reports/tables`` unless given.

    Raises:
        BoardbenchError: a file is missing or damaged; names it, the field and the remedy.
    """
    datasets, tables = datasets or [], tables or []
    if len(datasets) != len(tables):
        raise BoardbenchError(
            f"--datasets {len(datasets)}, --tables {len(tables)}: give each once a study, in the same order."
        )
    evidence = read_evidence(reports, dict(zip(datasets, tables, strict=True)))
    rows = reproduction_rows(evidence)
    trained = any(row["ours"] and row["command"] in SCORED for row in rows)
    found = summary(rows) | {"checks": consistency.sentences(printed_rows(evidence)), "trained": trained}
    table = pd.DataFrame(rows, columns=COLUMNS).to_csv(index=False, lineterminator="\n")
    texts = {"csv": table, "md": _markdown(rows, found), "json": json.dumps(found, indent=2) + "\n"}
    for suffix, text in texts.items():
        path = (out or reports / "tables") / f"reproduction.{suffix}"
        if not path.is_file() or path.read_bytes() != text.encode():
            write_text(path, text)
