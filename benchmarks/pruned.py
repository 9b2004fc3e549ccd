"""A pruned network against the one it was made from: what channels that are gone, and zeros, save in measured time.

Usage: python benchmarks/pruned.py [--quick] [--out FILE.csv]

ResNet-18 of width 0.25 for 32 x 32 pixels, weights at random (time does not depend on them): at least half of its GMACs
taken out in multiples of 1, 8 and 16 channels, and 90 % of its weights set to zero. One thread, ONNX Runtime and torch,
one image and 128; ``rival`` is the network before. Target: 1.6 times, in ONNX Runtime, in multiples of 16.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import measuring
from measuring import Row, compare

RATIO, ZEROS, TARGET = 0.5, 0.9, 1.6
MULTIPLES = (1, 8, 16)
CLASSES, SIDE = 10, 32


def networks() -> Iterator[tuple[str, object]]:
    """Yield the network before, then each one made from it."""
    import torch

    from boardbench.classification.networks import build_network
    from boardbench.engine.channels import prune_channels
    from boardbench.engine.pruning import apply_mask, remove_mask

    torch.manual_seed(0)
    dense = build_network("resnet18", CLASSES, width=0.25).eval()
    images, labels = torch.rand(32, 3, SIDE, SIDE), torch.randint(CLASSES, (32,))
    yield "dense", dense

    def losses(network: torch.nn.Module) -> Iterator[torch.Tensor]:
        yield torch.nn.functional.cross_entropy(network(images), labels)

    for multiple in MULTIPLES:
        yield (
            f"half of the GMACs gone in multiples of {multiple}",
            prune_channels(dense, RATIO, (SIDE, SIDE), [dense.head], losses, multiple).eval(),
        )
    yield f"{ZEROS:.0%} zeros", remove_mask(dense, apply_mask(dense, ZEROS)).eval()


def passes(network: object, folder: Path, batch: int) -> dict[str, object]:
    """Return functions of one pass, by runtime."""
    import torch

    from boardbench.engine.export import to_onnx
    from boardbench.engine.onnxfile import session

    images = torch.rand(batch, 3, SIDE, SIDE)
    path = folder / f"{id(network)}.onnx"
    if not path.is_file():
        to_onnx(network, {"images": images[:2]}, {"images": {0: "n"}}, ["logits"], [], {}, path, least=1)
    opened, given = session(path, 1), {"images": images.numpy()}
    network, fast = network.to(memory_format=torch.channels_last), images.to(memory_format=torch.channels_last)

    def by_torch() -> None:
        with torch.inference_mode():
            network(fast)

    return {"ONNX Runtime": lambda: opened.run(None, given), "torch": by_torch}


def rows(quick: bool) -> list[Row]:
    """Measure, and return milliseconds of a pass."""
    import torch

    torch.set_num_threads(1)
    made, table = dict(networks()), []
    with tempfile.TemporaryDirectory() as folder:
        for batch in (1,) if quick else (1, 128):
            ready = {name: passes(network, Path(folder), batch) for name, network in made.items()}
            for runtime in ("ONNX Runtime", "torch"):
                turns = {
                    name: (lambda run=by[runtime]: {"ms": 1e3 * measuring.seconds(run)}) for name, by in ready.items()
                }
                answers = measuring.in_turn(turns, 2 if quick else (200 if batch == 1 else 15), warm=2)
                spent = {name: [answer["ms"] for answer in given] for name, given in answers.items()}
                for name in list(made)[1:]:
                    aim = TARGET if runtime == "ONNX Runtime" and name.endswith(" 16") and not quick else None
                    what = f"ResNet-18, {name}, batch {batch}, {runtime}"
                    table.append(compare(what, "the network before", "ms", spent[name], spent["dense"], target=aim))
    return table


def main() -> None:
    """Run the benchmark."""
    measuring.alone(rows, __doc__)


if __name__ == "__main__":
    main()
