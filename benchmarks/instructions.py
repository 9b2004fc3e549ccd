"""Which bits training gives on this processor, and what they cost, by the instructions it may use.

Usage: python benchmarks/instructions.py

One process a row: a few steps of two networks, a hash of the weights after them, the median time of a step. Rows whose
hashes are equal on two machines train equally on both; ``benchmarks/NOTES.md`` has the hashes seen so far. No part of
``make bench``: a hash is no ratio.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time

from measuring import hardware

NETWORKS = [("unet", "full"), ("unet", "scrb")]
STEPS = 12
AVX2 = {"ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_CBWR": "AVX2"}
# Setting -> (environment, are 1 x 1 convolutions oneDNN's).
SETTINGS = {
    "all that the processor has": ({}, False),
    "AVX2": (AVX2, False),
    "AVX2; 1 x 1 convolutions by oneDNN": (AVX2, True),
    "AVX2; MKL compatible": (AVX2 | {"MKL_CBWR": "COMPATIBLE"}, False),
    "AVX2; both": (AVX2 | {"MKL_CBWR": "COMPATIBLE"}, True),
}


def by_onednn(network) -> None:
    """Have 1 x 1 convolutions computed by oneDNN; on one thread torch gives them to MKL unless there are 16 images."""
    import torch

    def forward(layer, inputs: torch.Tensor) -> torch.Tensor:
        images, channels, lines, samples = inputs.shape
        as_images = inputs.permute(0, 2, 3, 1).reshape(images * lines, 1, samples, channels).permute(0, 3, 1, 2)
        outputs = torch.nn.functional.conv2d(as_images, layer.weight, layer.bias)
        return outputs.permute(0, 2, 3, 1).reshape(images, lines, samples, -1).permute(0, 3, 1, 2)

    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d) and layer.kernel_size == (1, 1):
            layer.forward = forward.__get__(layer)


def train(backbone: str, strategy: str, onednn: bool) -> tuple[str, float]:
    """Return a hash of a network's weights after some steps, and the median seconds of a step."""
    import torch

    from boardbench.engine.arithmetic import fix_arithmetic
    from boardbench.segmentation import build_network

    fix_arithmetic(1)
    torch.manual_seed(0)
    network = build_network(backbone, strategy, in_bands=214, classes=4, width=8).to(memory_format=torch.channels_last)
    if onednn:
        by_onednn(network)
    inputs = torch.rand(2, 214, 128, 128).contiguous(memory_format=torch.channels_last)
    classes = torch.randint(0, 4, (2, 128, 128))
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    seconds = []
    for _ in range(STEPS):
        start = time.perf_counter()
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(inputs), classes).backward()
        optimizer.step()
        seconds.append(time.perf_counter() - start)
    bits = b"".join(value.contiguous().numpy().tobytes() for value in network.state_dict().values())
    return hashlib.sha256(bits).hexdigest()[:12], sorted(seconds[2:])[(STEPS - 2) // 2]


def main() -> None:
    """Print a line a setting and network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    one = parser.parse_args().one
    if one:
        *network, setting = one
        print(json.dumps(train(*network, SETTINGS[setting][1])))
        return
    print(hardware())
    for network in NETWORKS:
        for setting, (variables, *_) in SETTINGS.items():
            command = [sys.executable, __file__, "--one", *network, setting]
            done = subprocess.run(command, env=os.environ | variables, stdout=subprocess.PIPE, text=True, check=True)
            digest, seconds = json.loads(done.stdout)
            print(f"{'-'.join(network):10}  {setting:42}  {digest}  {seconds * 1000:5.0f} ms", flush=True)


if __name__ == "__main__":
    main()
