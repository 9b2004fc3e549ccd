"""The columns of the segmentation study's tables on the page."""

from boardbench.report.columns import NOTE, Column, names, numbers

ARROW = " \N{RIGHTWARDS ARROW} "  # from before to after
NETWORK, INPUT = WHO = (Column("backbone", "network", kind="pretty"), Column("strategy", "input", kind="pretty"))
MIOU = Column("miou", "mean IoU", 3, spread=True)
INTERVAL = Column("low", "95 % interval", 3, to="high")
DIFFERENCE = (
    Column("difference", "difference in mean IoU", kind="signed"),
    Column("low", "95 % interval", kind="signed", to="high"),
    Column("conclusion", "the first is", kind="name"),
    NOTE,
)
MEAN = (
    *WHO,
    *numbers("seeds"),
    MIOU,
    Column("miou_low", "95 % interval", 3, to="miou_high"),
    Column("miou_published", "published", kind="published"),
    Column("mf1", "mean F1", 3, spread=True),
    Column("mf1_published", "published", kind="published"),
)
SPREAD = (
    *WHO,
    *numbers("epochs", "seeds"),
    Column("miou", "mean IoU", 3),
    Column("miou_sd", "standard deviation", 3),
    Column("degrees_of_freedom"),
    Column("least", digits=3),
    Column("greatest", digits=3),
    Column("unlearnt", "not learnt", kind="name"),
)
COMPARED = (Column("question", "comparison", kind="name"), *DIFFERENCE)
BY_BACKBONE = (NETWORK, *COMPARED)
NORMALIZATIONS = (*names("normalization"), *WHO, *numbers("seeds"), MIOU, INTERVAL, *numbers("rank"))
ORDER = (
    INPUT,
    *names("normalization"),
    Column("against", kind="pretty"),
    Column("against_normalization", "normalization", kind="name"),
    *DIFFERENCE,
)
LEAKAGE = (
    Column("protocol", "split", kind="name"),
    *WHO,
    *numbers("seeds", "scenes", "test_pixels"),
    Column("shared_pixels", "trained on, too"),
    MIOU,
    INTERVAL,
    Column("difference", "minus by scene", kind="signed"),
    Column("difference_low", "95 % interval", kind="signed", to="difference_high"),
    Column("conclusion", "it is", kind="name"),
    NOTE,
)
COMPLEXITY = (
    *WHO,
    Column("gmacs", "GMACs", 2),
    Column("gmacs_reduction", "of the projection", 3),
    Column("gmacs_published_convention", "GMACs, published convention", 2),
    Column("gmacs_published", "published", kind="published"),
    Column("gmacs_difference", "published minus ours", kind="signed"),
    Column("difference_why", "why", kind="name"),
    Column("params_millions", "parameters, millions", 3),
    Column("params_millions_published", "published", kind="published"),
)
HIDDEN = (
    *WHO,
    Column("gflops", "GFLOPs", 1),
    Column("activations_inference_mib", "activations, inference, MiB", 0),
    Column("activations_training_mib", "activations, training, MiB", 0),
)
LATENCY = (
    *WHO,
    Column("reduction_p50_ms", "reduction, ms", 1),
    Column("network_p50_ms", "network, median, ms", 0),
    Column("network_p99_ms", "99th percentile, ms", 0),
    Column("ms_per_gmac", "ms a GMAC", 1),
)
REDUCTION = (
    INPUT,
    Column("fit", "fitted on", kind="name"),
    *numbers("components"),
    Column("explained_variance_percent", "variance kept, %"),
    Column("explained_variance_percent_published", "published, %", kind="published"),
    Column("picked_nm", "bands, nm", kind="name"),
    Column("separability", digits=3),
)
LINE = (
    NETWORK,
    *numbers("width"),
    INPUT,
    *names("precision", "pruning", "runtime"),
    MIOU,
    Column("p50_ms", "median, ms"),
    Column("p99_ms", "99th percentile"),
    Column("lines_per_s", "lines/s"),
    Column("state", kind="name"),
    Column("encoder_p50_ms", "counts to network, ms"),
    Column("gmacs", "GMACs", 2),
    *numbers("bands_read"),
    Column("bytes", "file, MB", 2, scale=1e-6),
    Column("same_class", "same class, %", 2, scale=100),
)
DRIFT = (
    *names("drift"),
    *numbers("captures"),
    Column("flagged", "odd windows", 2),
    *numbers("not_trusted"),
    Column("lines_until", "lines until then"),
    Column("by", "noticed by", kind="name"),
)
PRUNING = (
    *WHO,
    *numbers("seeds"),
    *names("pruning", "method"),
    Column("ratio", "share, %", 1, scale=100),
    Column("parameters_before", "parameters, millions", 3, to="parameters", between=ARROW, scale=1e-6),
    Column("gmacs_before", "GMACs", kind="significant", to="gmacs", between=ARROW),
    Column("miou_before", "mean IoU", 3, to="miou", between=ARROW),
    *DIFFERENCE[:2],
    Column("conclusion", "after is", kind="name"),
    Column("p50_ms_before", "ms", to="p50_ms", between=ARROW),
    *numbers("times_faster"),
    NOTE,
)
CAMERA = (
    Column("name", "quantity", kind="name"),
    *names("unit"),
    *numbers("real"),
    Column("simulated_unbinned", "simulated, no binning"),
    *numbers("ratio"),
    Column("simulated", "simulated, as used here"),
    *names("agrees"),
    NOTE,
)
CAPTURES = (*names("scene", "condition", "part"), *numbers("lines", "samples", "bands", "invalid", "saturated"))
CAPTURES += numbers("clipped_low", "clipped_high")


def by_class(classes: list[str]) -> tuple[Column, ...]:
    """Return the columns of a score by class, its spread and the published one small beside it."""
    return *WHO, *(Column(name, name, 3, spread=True, beside=(f"{name}_published",)) for name in classes)
