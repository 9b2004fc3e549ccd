"""Paper 1 (SCRB on PCB-Vision): its tables of scores and costs, kappa from its logs, and its sentences."""

import re
from collections.abc import Iterator

from boardbench.reproduction.checks import COMMAND, Check, known_reason
from boardbench.reproduction.evidence import COSTS, Evidence
from boardbench.reproduction.ours import BOARDS, COMMANDS
from boardbench.reproduction.paper1 import costs, data, networks, scores, statements
from boardbench.reproduction.paper1.data import facts as facts
from boardbench.reproduction.verdicts import Finding

COUNTED = "boardbench segmentation complexity --out complexity.csv --backbones {} --strategies {} --classes 4"
# Tables that the paper's extended abstract prints a second time.
REPEATED = {"table 5": "abstract table 1", "table 6": "abstract table 2"}
CHECKS: dict[str, Check] = data.CHECKS | networks.CHECKS | costs.CHECKS | scores.CHECKS | statements.CHECKS
CHECKS |= dict.fromkeys(("p1-soft-max", "p1-mirrors"), known_reason)


def _places(source: str, index: int) -> list[str]:
    """Return where a number of a source such as 'paper 1 tables 3 and 6' is printed."""
    table = f"table {re.findall(r'[0-9IV]+', source.partition('table')[2])[index]}"
    return [table, *([REPEATED[table]] if table in REPEATED else [])]


def numbers(evidence: Evidence) -> Iterator[tuple[str, str, str, Finding, str]]:
    """Yield every number of the tables, and kappa: place, cell, published value, finding and command."""
    for (backbone, strategy, metric), row in evidence.scores.items():
        for name in scores.CELLS:
            found = scores.score(evidence, backbone, strategy, metric, name)
            command = COMMANDS[BOARDS] if found.ours else COMMAND
            # Classes stand in the first table of the source, means in the last.
            for place in _places(row["source"], -1 if name == "mean" else 0):
                yield place, f"{backbone} {strategy} {metric} {name}", row[name], found, command
    for (backbone, strategy), row in evidence.costs.items():
        for column in COSTS:
            found = costs.cost(evidence, backbone, strategy, column)
            for place in _places(row["source"], 0):
                command = COUNTED.format(backbone, strategy)
                yield place, f"{backbone} {strategy} {column}", row[column], found, command
    for backbone, strategy in evidence.logs:
        yield "logs", f"{backbone} {strategy} kappa", "", scores.kappa(evidence, backbone, strategy), COMMAND
