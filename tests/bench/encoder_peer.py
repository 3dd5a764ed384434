#!/usr/bin/env python3
"""The peer of bench_encoder: efficientnet_lite0 at 224 pixels in PyTorch, milliseconds a photo.

    python3 tests/bench/encoder_peer.py forward PHOTOS THREADS
    python3 tests/bench/encoder_peer.py bfloat16 PHOTOS THREADS
    python3 tests/bench/encoder_peer.py training PHOTOS THREADS

"forward" is measured eager, traced and frozen, and optimised for inference besides, contiguous and
channels-last; "bfloat16" is the same in that precision; "training" is eager: forward and backward of
the mean of the features, without an optimiser step. Prints the fastest and which it was. Weights are
random, batch norm is folded away, as on our side; and as there, a figure is the best of several
rounds, since the machine's other work only ever adds.

Needs Debian's python3-torch.
"""
import sys
import time

import torch
import torch.nn.functional as functional
from torch import nn

SIZE, ROUNDS, REPEATS = 224, 8, 4
STEM, HEAD = 32, 1280
BLOCKS = (
    "ds_r1_k3_s1_e1_c16 ir_r2_k3_s2_e6_c24 ir_r2_k5_s2_e6_c40 ir_r3_k3_s2_e6_c80 "
    "ir_r3_k5_s1_e6_c112 ir_r4_k5_s2_e6_c192 ir_r1_k3_s1_e6_c320"
)


class Convolution(nn.Module):
    """Convolution, bias and, where asked for, ReLU6, with TensorFlow's SAME padding."""

    def __init__(self, inputs, outputs, kernel, stride, groups, rectify):
        super().__init__()
        fan_in = inputs // groups * kernel * kernel
        scale = ((2.0 if rectify else 1.0) / fan_in) ** 0.5
        self.weight = nn.Parameter(
            torch.randn(outputs, inputs // groups, kernel, kernel) * scale
        )
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.kernel, self.stride, self.groups, self.rectify = kernel, stride, groups, rectify

    def forward(self, x):
        total = self.kernel - self.stride  # every side here is a multiple of the stride
        before, after = total // 2, total - total // 2
        if before != after:  # the odd row and column go to the bottom and the right
            x = functional.pad(x, (before, after, before, after))
            before = 0
        x = functional.conv2d(
            x, self.weight, self.bias, self.stride, before, groups=self.groups
        )
        return functional.relu6(x) if self.rectify else x


class Block(nn.Module):
    """ds: depthwise, project. ir: expand, depthwise, project. The input is added where it fits."""

    def __init__(self, inputs, outputs, kind, kernel, stride, expansion):
        super().__init__()
        wide = inputs * expansion
        expand = [Convolution(inputs, wide, 1, 1, 1, True)] if kind == "ir" else []
        self.chain = nn.Sequential(
            *expand,
            Convolution(wide, wide, kernel, stride, wide, True),
            Convolution(wide, outputs, 1, 1, 1, False),
        )
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x):
        y = self.chain(x)
        return x + y if self.residual else y


def parse(word):
    kind, *fields = word.split("_")
    numbers = {field[0]: int(field[1:]) for field in fields}
    return kind, numbers["r"], numbers["k"], numbers["s"], numbers["e"], numbers["c"]


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        layers, channels = [Convolution(3, STEM, 3, 2, 1, True)], STEM
        for kind, repeats, kernel, stride, expansion, outputs in map(parse, BLOCKS.split()):
            for repeat in range(repeats):
                first = stride if repeat == 0 else 1
                layers.append(Block(channels, outputs, kind, kernel, first, expansion))
                channels = outputs
        layers.append(Convolution(channels, HEAD, 1, 1, 1, True))
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x).mean((2, 3))


def milliseconds(work, photos):
    for _ in range(REPEATS):  # the tracing executor specialises in its first runs
        work()
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(REPEATS):
            work()
        best = min(best, time.perf_counter() - start)
    return best * 1e3 / (REPEATS * photos)


FORMATS = {"contiguous": torch.contiguous_format, "channels-last": torch.channels_last}


def ways_to_run(encoder, images):
    yield "eager", encoder
    frozen = torch.jit.freeze(torch.jit.trace(encoder, images))
    yield "frozen", frozen
    optimised = torch.jit.freeze(torch.jit.trace(encoder, images))
    yield "optimised", torch.jit.optimize_for_inference(optimised)


def forward(encoder, images, photos):
    encoder.eval()
    with torch.no_grad():
        for name, run in ways_to_run(encoder, images):
            yield milliseconds(lambda: run(images), photos), name


def training(encoder, images, photos):
    def step():
        encoder.zero_grad(set_to_none=True)
        encoder(images).mean().backward()

    yield milliseconds(step, photos), "eager"


def measure(mode, photos):
    for name, memory_format in FORMATS.items():
        number = torch.bfloat16 if mode == "bfloat16" else torch.float32
        encoder = Encoder().to(dtype=number, memory_format=memory_format)
        images = torch.randn(photos, 3, SIZE, SIZE).to(dtype=number, memory_format=memory_format)
        run = training if mode == "training" else forward
        for figure, how in run(encoder, images, photos):
            yield figure, f"{how}, {name}"


def main():
    modes = ("forward", "bfloat16", "training")
    if len(sys.argv) != 4 or sys.argv[1] not in modes:
        sys.exit(f"encoder_peer.py: expected one of {modes}, photos and threads")
    mode, photos, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    torch.manual_seed(0)
    torch.set_num_threads(threads)
    figure, how = min(measure(mode, photos))
    precision = ", bfloat16" if mode == "bfloat16" else ""
    print(f"{figure:.2f} {how}{precision}, {threads} thread(s)")


if __name__ == "__main__":
    main()
