#!/usr/bin/env python3
"""Golden features of encoders with others' names and separate batch norm, from PyTorch.

    python3 tests/golden/make_encoder_import.py tests/golden/encoder_import.txt

Three encoders: torchvision's own mobilenet_v2 at a quarter of the width, and two small ones with the
names that timm gives, padded as TensorFlow's models and as PyTorch's are; then the tensors alone of
torchvision's at its full width. Weights and photo are made
by a formula that the C test repeats (see numbers), so the file holds names and shapes alone:

    model ARCHITECTURE      in caption's notation
    tensor NAME SIZE...     in the order of the formula's numbering
    features NUMBER...      of the one photo; none for the last

tests/unit/test_encoder_import.c writes the tensors to a file, imports it and compares.

Needs Debian's python3-torch and python3-torchvision.
"""
import sys

import numpy
import torch
import torch.nn.functional as functional
import torchvision

SIZE = 46  # maps of 23, 12, 6, 3, 2: even and odd sides
PHOTO = 1000  # the photo's number among the tensors


def uniform(shape, tensor):
    """Number i of tensor t, in [-1, 1): a hash, exact on both sides."""
    mask = 0xFFFFFFFF
    i = numpy.arange(int(numpy.prod(shape, dtype=numpy.int64)), dtype=numpy.uint64)
    x = (i * numpy.uint64(2654435761) + numpy.uint64(tensor * 40503 + 1)) & numpy.uint64(mask)
    x ^= x >> numpy.uint64(16)
    x = (x * numpy.uint64(2246822519)) & numpy.uint64(mask)
    x ^= x >> numpy.uint64(13)
    x = (x * numpy.uint64(3266489917)) & numpy.uint64(mask)
    x ^= x >> numpy.uint64(16)
    return torch.from_numpy(x.astype(numpy.float64) / 2**31 - 1).reshape(shape)


def numbers(name, shape, tensor):
    """Variances so small that the epsilon shows."""
    u = uniform(shape, tensor)
    if len(shape) == 4:
        return u * 0.2 / (shape[1] * shape[2] * shape[3]) ** 0.5
    if name.endswith("running_var"):
        return 0.01 * (u + 1.1)
    if name.endswith("running_mean"):
        return 0.05 * u
    if name.endswith("bias"):
        return 0.3 + 0.3 * u
    return 1 + 0.5 * u


class Small:
    """timm's names by hand, convolution and batch norm by torch's functions."""

    def __init__(self, stem, blocks, head, symmetric):
        self.stem, self.blocks, self.head, self.symmetric = stem, blocks, head, symmetric
        self.tensors = []

    def architecture(self):
        words = [f"stem_c{self.stem}"]
        words += ["%s_r%d_k%d_s%d_e%d_c%d" % block for block in self.blocks]
        return " ".join(["pad_symmetric"] * self.symmetric + words + [f"head_c{self.head}"])

    def tensor(self, name, shape):
        self.tensors.append((name, shape))
        return numbers(name, shape, len(self.tensors) - 1)

    def layer(self, x, name, norm, out, kernel, stride, depthwise, relu6):
        channels, size = x.shape[1], x.shape[2]
        weight = self.tensor(name + ".weight", (out, 1 if depthwise else channels, kernel, kernel))
        scale, bias, mean, variance = (
            self.tensor(f"{norm}.{part}", (out,))
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        before = kernel // 2 if self.symmetric else total // 2
        after = kernel // 2 if self.symmetric else total - total // 2
        x = functional.pad(x, (before, after, before, after))
        x = functional.conv2d(x, weight, None, stride, groups=channels if depthwise else 1)
        epsilon = 1e-5 if self.symmetric else 1e-3
        x = functional.batch_norm(x, mean, variance, scale, bias, eps=epsilon)
        return functional.hardtanh(x, 0.0, 6.0) if relu6 else x

    def block(self, x, place, kind, kernel, stride, expansion, out):
        y, wide = x, x.shape[1] * expansion
        if kind == "ir":
            y = self.layer(y, place + ".conv_pw", place + ".bn1", wide, 1, 1, False, True)
            y = self.layer(y, place + ".conv_dw", place + ".bn2", wide, kernel, stride, True, True)
            y = self.layer(y, place + ".conv_pwl", place + ".bn3", out, 1, 1, False, False)
        else:
            y = self.layer(y, place + ".conv_dw", place + ".bn1", wide, kernel, stride, True, True)
            y = self.layer(y, place + ".conv_pw", place + ".bn2", out, 1, 1, False, False)
        return x + y if stride == 1 and out == x.shape[1] else y

    def features(self, x):
        x = self.layer(x, "conv_stem", "bn1", self.stem, 3, 2, False, True)
        for stage, (kind, repeats, kernel, stride, expansion, out) in enumerate(self.blocks):
            for repeat in range(repeats):
                place = f"blocks.{stage}.{repeat}"
                x = self.block(x, place, kind, kernel, stride if repeat == 0 else 1, expansion, out)
        return self.layer(x, "conv_head", "bn2", self.head, 1, 1, False, True).mean((2, 3))


def mobilenet_v2(width):
    """torchvision's, its tensors replaced; returns architecture, tensors and features."""
    model = torchvision.models.mobilenet_v2(width_mult=width).double().eval()
    state, tensors = model.state_dict(), []
    for name in state:
        if not name.startswith("features.") or name.endswith("num_batches_tracked"):
            continue
        shape = tuple(state[name].shape)
        state[name] = numbers(name, shape, len(tensors))
        tensors.append((name, shape))
    model.load_state_dict(state)
    words, first = ["pad_symmetric", f"stem_c{model.features[0][0].out_channels}"], 1
    for expansion, repeats, stride in [(1, 1, 1), (6, 2, 2), (6, 3, 2), (6, 4, 2), (6, 3, 1),
                                       (6, 3, 2), (6, 1, 1)]:
        kind = "ds" if expansion == 1 else "ir"
        channels = model.features[first].conv[-2].out_channels
        words.append(f"{kind}_r{repeats}_k3_s{stride}_e{expansion}_c{channels}")
        first += repeats
    words.append(f"head_c{model.last_channel}")
    return " ".join(words), tensors, model.features(photo()).mean((2, 3))


def photo():
    return uniform((1, SIZE, SIZE, 3), PHOTO).permute(0, 3, 1, 2)


def small(symmetric):
    blocks = [("ds", 1, 3, 1, 1, 11), ("ir", 2, 5, 2, 3, 10), ("ir", 1, 3, 2, 2, 12),
              ("ir", 2, 3, 2, 2, 16)]
    encoder = Small(11, blocks, 40, symmetric)
    features = encoder.features(photo())
    return encoder.architecture(), encoder.tensors, features


def write_tensors(architecture, tensors, out):
    print("model", architecture, file=out)
    for name, shape in tensors:
        print("tensor", name, *shape, file=out)


def main():
    torch.set_num_threads(1)
    with torch.no_grad(), open(sys.argv[1], "w", encoding="ascii") as out:
        for architecture, tensors, features in (mobilenet_v2(0.25), small(False), small(True)):
            write_tensors(architecture, tensors, out)
            print("features", *("%.7g" % x for x in features[0].tolist()), file=out)
            print(architecture, float(features.min()), float(features.mean()),
                  float(features.std()), float(features.max()), file=sys.stderr)
        write_tensors(*mobilenet_v2(1.0)[:2], out)
        print("features", file=out)


if __name__ == "__main__":
    main()
