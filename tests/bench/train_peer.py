#!/usr/bin/env python3
"""The peer of training in run.sh: photos per second of a training step in PyTorch, at its best batch size.

    python3 tests/bench/train_peer.py encoder THREADS BATCH...
    python3 tests/bench/train_peer.py captioner THREADS BATCH...

"encoder" is efficientnet_lite0 at 224 pixels alone, "captioner" with a GRU 512 behind it, five captions
of eleven words a photo and a vocabulary of 3,473 words. A step is forward, backward and Adam, eager and
channels-last; photos lie in memory ready to use. Prints the photos a second of the best batch size, and that size.

Needs Debian's python3-torch.
"""
import sys
import time

import torch
import torch.nn.functional as functional
from encoder_peer import HEAD, SIZE, Encoder
from torch import nn

ROUNDS = 5
WIDTH, WORDS, CAPTIONS, LENGTH = 512, 3473, 5, 11


class Captioner(nn.Module):
    """The image as first input, then <start> and the words; the output says the words and <end>."""

    def __init__(self):
        super().__init__()
        self.encoder = Encoder()
        self.project = nn.Linear(HEAD, WIDTH)
        self.embedding = nn.Embedding(WORDS, WIDTH)
        self.cell = nn.GRU(WIDTH, WIDTH, batch_first=True)
        self.output = nn.Linear(WIDTH, WORDS)

    def forward(self, images, words):
        image = self.project(functional.normalize(self.encoder(images)))
        image = image.repeat_interleave(CAPTIONS, 0).unsqueeze(1)
        embedded = functional.dropout(self.embedding(words), 0.5)
        hidden, _ = self.cell(torch.cat([image, embedded], 1))
        return self.output(functional.dropout(hidden[:, 1:], 0.5))


def encoder_loss(model, batch):
    images = torch.randn(batch, 3, SIZE, SIZE).to(memory_format=torch.channels_last)
    return lambda: model(images).square().sum() / 2


def captioner_loss(model, batch):
    images = torch.randn(batch, 3, SIZE, SIZE).to(memory_format=torch.channels_last)
    words = torch.randint(WORDS, (batch * CAPTIONS, LENGTH + 1))
    targets = torch.randint(WORDS, (batch * CAPTIONS * (LENGTH + 1),))

    def loss():
        logits = model(images, words).reshape(-1, WORDS)
        return functional.cross_entropy(logits, targets, label_smoothing=0.05)

    return loss


def photos_per_second(model, loss, batch):
    adam = torch.optim.AdamW(model.parameters(), lr=1e-6)

    def step():
        adam.zero_grad(set_to_none=True)
        loss().backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5)
        adam.step()

    step()
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        step()
        best = min(best, time.perf_counter() - start)
    return batch / best


def main():
    modes = {"encoder": (Encoder, encoder_loss), "captioner": (Captioner, captioner_loss)}
    if len(sys.argv) < 4 or sys.argv[1] not in modes:
        sys.exit("train_peer.py: expected encoder or captioner, threads and batch sizes")
    torch.manual_seed(0)
    torch.set_num_threads(int(sys.argv[2]))
    make, loss = modes[sys.argv[1]]
    model = make().to(memory_format=torch.channels_last)
    speeds = {}
    for batch in map(int, sys.argv[3:]):
        speeds[batch] = photos_per_second(model, loss(model, batch), batch)
    best = max(speeds, key=speeds.get)
    print(f"{speeds[best]:.2f} batch {best}")


if __name__ == "__main__":
    main()
