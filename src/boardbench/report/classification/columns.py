"""The columns of the classification study's tables on the page."""

from boardbench.report.columns import NOTE, Column, names, numbers


def _scores(*keys: str) -> tuple[Column, ...]:
    """Return columns of scores, the published one small beside each."""
    labels = {"f_score": "F-score"}
    return tuple(Column(key, labels.get(key), 4, beside=(f"{key}_published",)) for key in keys)


ACCURACY = Column("accuracy", "accuracy", 4, spread=True, beside=("accuracy_published",))
LIMITS = Column("low", "95 % limits", 4, to="high")
REST = _scores("precision", "recall", "f_score")
NETWORK = Column("described", "network, training", kind="name", beside=("training",))
PARAMETERS = Column("parameters_millions", "parameters, millions", 3)
NEIGHBOURS = (*numbers("k"), Column("distance", kind="pretty"), Column("normalization", "scale", kind="name"))
DIFFERENCE = (Column("difference", kind="signed"), Column("low", "95 % limits", kind="signed", to="high"))
DIFFERENCE += names("conclusion")
HARDWARE = Column("hardware", "on", kind="footnote")
BASELINES = (Column("method", kind="pretty"), *NEIGHBOURS, *numbers("test_images"), *_scores("accuracy"), LIMITS, *REST)
VARIANTS = (*names("variant"), *NEIGHBOURS, *_scores("accuracy"), *REST)
NUMPY_NETWORKS = (
    Column("name", "run", kind="name"),
    NETWORK,
    ACCURACY,
    LIMITS,
    Column("accuracy_folds", "folds", 4, spread=True),
    *numbers("epochs", "seeds"),
    PARAMETERS,
    Column("mmacs", "MMACs", kind="significant"),
    *REST,
)
NETWORKS = (
    Column("name", "run", kind="name"),
    NETWORK,
    ACCURACY,
    LIMITS,
    *numbers("classes", "train_images", "epochs", "seeds"),
    PARAMETERS,
    Column("gmacs", "GMACs", kind="significant"),
    *REST,
)
DIFFERENCES = (
    *names("question", "first", "second"),
    *DIFFERENCE,
    *numbers("p", "test_images", "seeds"),
    Column("first_accuracy", "accuracy of the first", 4),
    Column("second_accuracy", "of the second", 4),
    Column("only_first", "right: only the first"),
    Column("only_second", "only the second"),
)
EFFICIENCY = (
    Column("name", "run", kind="name"),
    *names("pruning", "method"),
    Column("ratio", "share, %", 1, scale=100),
    *numbers("seeds"),
    Column("parameters_millions", "parameters, millions", 3, beside=("params_millions_published",)),
    Column("parameters_nonzero_millions", "not zero", 3),
    Column("gmacs", "GMACs", kind="significant", beside=("gflops_published",)),
    Column("gmacs_effective", "without zeros", kind="significant"),
    Column("megabytes", "MB", 2),
    Column("megabytes_compressed", "MB, compressed", 2),
    Column("accuracy", "accuracy", 4, beside=("accuracy_percent_published",)),
    Column("difference", kind="signed"),
    Column("difference_low", "95 % limits", kind="signed", to="difference_high"),
    *names("conclusion"),
    NOTE,
)
TRANSFER = (
    *names("child", "parent"),
    Column("unfrozen", "blocks that train"),
    *numbers("classes", "parent_classes", "epochs", "seeds", "test_images"),
    Column("accuracy", "accuracy", 4, spread=True),
    Column("against", "from scratch", kind="name"),
    Column("against_accuracy", "its accuracy", 4),
    *DIFFERENCE,
    Column("ratio", "over the parent's", beside=("ratio_published",)),
    NOTE,
)
SECONDS = (
    Column("name", "run", kind="name"),
    Column("seconds", kind="significant"),
    Column("seconds_per_epoch", "seconds an epoch", kind="significant"),
    Column("seconds_published", "paper 2, an epoch", kind="published"),
    Column("images_per_s", "images a second", kind="significant"),
    *numbers("threads"),
    HARDWARE,
)
EPOCHS = (
    Column("network", kind="pretty"),
    *names("device"),
    *numbers("images", "batch_size", "threads"),
    Column("seconds_per_epoch", "seconds", kind="significant"),
    Column("seconds_published", "paper 2", kind="published"),
    Column("device_published", "its device", kind="published"),
    HARDWARE,
)


def latency(measured: list[tuple[str, str]]) -> tuple[Column, ...]:
    """Return the columns of measured times by runtime and batch, the 99th percentile and the speed-up small beside."""
    shown = [Column("name", "run", kind="name"), *names("pruning")]
    for runtime, batch in measured:
        at, called = f"{runtime} {batch}", {"onnxruntime": "ONNX Runtime"}.get(runtime, runtime)
        shown.append(Column(at, f"{called}, batch {batch}", kind="significant", beside=(f"{at} p99", f"{at} faster")))
    return tuple(shown)
