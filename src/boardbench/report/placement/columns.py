"""The columns of the placement study's tables on the page."""

from boardbench.report.columns import NOTE, Column, names, numbers

WHO = (Column("init", "network", kind="pretty"), Column("loss", kind="pretty"))
FOUND = (
    *WHO,
    *names("part"),
    *numbers("seeds"),
    Column("centre_mae_px", "centre, px", 3, spread=True),
    Column("centre_mae_mm", "centre, mm", 3),
    Column("centre_worst_mm", "worst, mm", 3),
    Column("corner_mae_px", "corners, px", 3),
    Column("rotation_mae_deg", "rotation, °", 2),
    Column("rotation_worst_deg", "worst, °", 2),
)
JUDGED = (
    *WHO,
    *names("part"),
    Column("samples", "images"),
    *numbers("bad"),
    Column("false_accept_rate", "false accepts, %", 1, scale=100),
    Column("false_reject_rate", "false rejects, %", 1, scale=100),
    Column("auc", "AUC", 3),
)
DIFFERENCES = (
    *WHO,
    Column("against", kind="pretty"),
    *names("part"),
    Column("metric", "error", kind="name"),
    *numbers("seeds"),
    Column("difference", kind="signed"),
    Column("low", "95 % interval", kind="signed", to="high"),
    *names("conclusion"),
    NOTE,
)
COMPLEXITY = (
    *names("network"),
    *numbers("width", "lines", "samples"),
    Column("gmacs", "GMACs", 3),
    Column("params_millions", "parameters, millions", 3),
)
LATENCY = (
    *WHO,
    *names("precision"),
    *numbers("lines", "samples"),
    Column("p50_ms", "median, ms", 2),
    Column("p99_ms", "99th percentile", 2),
    Column("limit_ms", "limit, ms", 2),
)
SETTINGS = (
    Column("what", kind="prose"),
    Column("paper", "paper 4", kind="prose"),
    Column("here", kind="prose"),
)
