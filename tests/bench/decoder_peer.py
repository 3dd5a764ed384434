#!/usr/bin/env python3
"""The peer of bench_decoder: words per second of a training step of the decoder alone in PyTorch.

    python3 tests/bench/decoder_peer.py gru THREADS
    python3 tests/bench/decoder_peer.py lstm THREADS

nn.GRU or nn.LSTM 512, word vectors of 512, a vocabulary of 3,473 words, a batch of 100 captions of
eleven words; the images' features (20 photos, five captions each) lie in memory, as behind a frozen
encoder. All captions are of one length, so that padding costs the peer nothing. A step is forward,
backward, clipping and Adam, with dropout and label smoothing, eager. Prints one line, "SETTING WORDS":
the best of the settings (batch-first or steps-first; with Adam in one loop or over lists of tensors)
and its words a second, as "batch-first+foreach 4321.00". Call it with one thread and with two: the
better counts.

Needs Debian's python3-torch.
"""
import sys
import time

import torch
import torch.nn.functional as functional
from torch import nn

ROUNDS = 8
WIDTH, WORDS, FEATURES = 512, 3473, 1280
PHOTOS, CAPTIONS, LENGTH = 20, 5, 11


class Decoder(nn.Module):
    """The image as first input, then <start> and the words; the output says the words and <end>."""

    def __init__(self, cell, batch_first):
        super().__init__()
        self.batch_first = batch_first
        self.project = nn.Linear(FEATURES, WIDTH)
        self.embedding = nn.Embedding(WORDS, WIDTH)
        self.cell = cell(WIDTH, WIDTH, batch_first=batch_first)
        self.output = nn.Linear(WIDTH, WORDS)

    def forward(self, features, words):
        image = self.project(functional.normalize(features)).repeat_interleave(CAPTIONS, 0)
        embedded = functional.dropout(self.embedding(words), 0.5)
        time_axis = 1 if self.batch_first else 0
        hidden, _ = self.cell(torch.cat([image.unsqueeze(time_axis), embedded], time_axis))
        hidden = hidden[:, 1:] if self.batch_first else hidden[1:]
        return self.output(functional.dropout(hidden, 0.5).reshape(-1, WIDTH))


def words_per_second(cell, batch_first, foreach):
    model = Decoder(cell, batch_first)
    adam = torch.optim.AdamW(model.parameters(), lr=1e-6, foreach=foreach)
    captions = PHOTOS * CAPTIONS
    shape = (captions, LENGTH + 1) if batch_first else (LENGTH + 1, captions)
    features = torch.randn(PHOTOS, FEATURES)
    words = torch.randint(WORDS, shape)
    targets = torch.randint(WORDS, (captions * (LENGTH + 1),))

    def step():
        adam.zero_grad(set_to_none=True)
        logits = model(features, words)
        functional.cross_entropy(logits, targets, label_smoothing=0.05).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5)
        adam.step()

    step()
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        step()
        best = min(best, time.perf_counter() - start)
    return captions * LENGTH / best


def main():
    cells = {"gru": nn.GRU, "lstm": nn.LSTM}
    if len(sys.argv) != 3 or sys.argv[1] not in cells:
        sys.exit("decoder_peer.py: expected gru or lstm and threads")
    torch.manual_seed(0)
    torch.set_num_threads(int(sys.argv[2]))
    speeds = {}
    for batch_first in (True, False):
        for foreach in (False, True):
            setting = ("batch-first" if batch_first else "steps-first") + "+foreach" * foreach
            speeds[setting] = words_per_second(cells[sys.argv[1]], batch_first, foreach)
    best = max(speeds, key=speeds.get)
    print(f"{best} {speeds[best]:.2f}")


if __name__ == "__main__":
    main()
