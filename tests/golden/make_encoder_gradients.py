#!/usr/bin/env python3
"""Golden gradients of the convolutional encoder, from an independent implementation (PyTorch).

    python3 tests/golden/make_encoder_gradients.py tests/golden/encoder_gradients.f32
    python3 tests/golden/make_encoder_gradients.py --batch-norm tests/golden/encoder_batch_norm.f32

A small encoder with weights, photos and loss that both sides can compute: number i of tensor t is
sin(0.37 i + 1.3 t + 0.1) times the tensor's scale. The file holds little-endian float32: the features
of two photos, then the gradient of every tensor in the order of registration, each as the model file
holds it (out, in, k, k). tests/unit/test_encoder.c builds the same encoder and compares.

With batch norm: the features with the running statistics, those with the photos' own, then for every
tensor its gradient or, of the running statistics, the number of photos times what is to be averaged.

Needs Debian's python3-torch and python3-numpy.
"""
import sys

import numpy
import torch
import torch.nn.functional as functional

SIZE, PHOTOS = 37, 2
STEM, HEAD = 11, 24
# kind, repeats, kernel, stride, expansion, channels: as in the architecture string
# "stem_c11 ds_r1_k3_s1_e1_c11 ir_r2_k5_s2_e3_c10 ir_r1_k3_s2_e2_c12 ir_r1_k5_s1_e2_c12 head_c24"
BLOCKS = [
    ("ds", 1, 3, 1, 1, 11),
    ("ir", 2, 5, 2, 3, 10),
    ("ir", 1, 3, 2, 2, 12),
    ("ir", 1, 5, 1, 2, 12),
]


def numbers(shape, tensor, scale):
    i = numpy.arange(int(numpy.prod(shape)), dtype=numpy.float64)
    return torch.from_numpy((scale * numpy.sin(0.37 * i + 1.3 * tensor + 0.1)).reshape(shape))


class Encoder:
    def __init__(self, batch_norm, training):
        self.batch_norm, self.training = batch_norm, training
        self.tensors = []

    def tensor(self, shape, scale, middle=0.0):
        self.tensors.append((middle + numbers(shape, len(self.tensors), scale)).requires_grad_())
        return self.tensors[-1]

    def normalised(self, x):
        """Running statistics start as numbers; with momentum 1 they become those of the photos."""
        channels = (x.shape[1],)
        scale, shift = self.tensor(channels, 0.3, 1.0), self.tensor(channels, 0.3)
        mean, variance = self.tensor(channels, 0.3), self.tensor(channels, 0.3, 1.0)
        statistics = mean.detach().clone(), variance.detach().clone()
        x = functional.batch_norm(x, *statistics, scale, shift, self.training, 1.0, 1e-5)
        mean.grad, variance.grad = (PHOTOS * statistic for statistic in statistics)
        return x

    def convolution(self, x, out, kernel, stride, depthwise, relu6):
        """TensorFlow's SAME padding: the odd row and column go to the bottom and the right."""
        channels, size = x.shape[1], x.shape[2]
        shape = (out, 1 if depthwise else channels, kernel, kernel)
        fan_in = shape[1] * kernel * kernel
        weight = self.tensor(shape, 2.0 / fan_in**0.5)
        bias = None if self.batch_norm else self.tensor((out,), 0.3)
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        before, after = total // 2, total - total // 2
        x = functional.pad(x, (before, after, before, after))
        x = functional.conv2d(x, weight, bias, stride, groups=channels if depthwise else 1)
        x = self.normalised(x) if self.batch_norm else x
        return functional.hardtanh(x, 0.0, 6.0) if relu6 else x

    def block(self, x, kind, kernel, stride, expansion, out):
        y = x
        if kind == "ir":
            y = self.convolution(y, y.shape[1] * expansion, 1, 1, False, True)
        y = self.convolution(y, y.shape[1], kernel, stride, True, True)
        y = self.convolution(y, out, 1, 1, False, False)
        return x + y if stride == 1 and out == x.shape[1] else y

    def features(self, x):
        x = self.convolution(x, STEM, 3, 2, False, True)
        for kind, repeats, kernel, stride, expansion, out in BLOCKS:
            for repeat in range(repeats):
                x = self.block(x, kind, kernel, stride if repeat == 0 else 1, expansion, out)
        return self.convolution(x, HEAD, 1, 1, False, True).mean((2, 3))


def main():
    torch.set_num_threads(1)
    batch_norm = sys.argv[1] == "--batch-norm"
    encoder = Encoder(batch_norm, True)
    photos = numbers((PHOTOS, SIZE, SIZE, 3), 1000, 1.0).permute(0, 3, 1, 2)
    features = encoder.features(photos)
    (features * numbers(features.shape, 2000, 1.0)).sum().backward()
    parts = [features.detach()] + [tensor.grad for tensor in encoder.tensors]
    if batch_norm:
        parts.insert(0, Encoder(True, False).features(photos).detach())
    golden = numpy.concatenate([part.numpy().ravel() for part in parts]).astype("<f4")
    golden.tofile(sys.argv[-1])
    for tensor in encoder.tensors:
        print(tuple(tensor.shape), float(tensor.grad.abs().max()), file=sys.stderr)
    print(golden.size, "numbers", file=sys.stderr)


if __name__ == "__main__":
    main()
