#!/usr/bin/env python3
"""The peer of bench_beam: a straightforward beam search in PyTorch, captions a second.

    python3 tests/bench/beam_peer.py PHOTOS THREADS [BEAM [WORDS]]

All photos and beams are one batch, a step is one GRUCell, one linear layer, log_softmax and topk.
Random weights of the shipped sizes; every caption has exactly WORDS words. The figure is the best of
several rounds, since the machine's other work only ever adds.

Needs Debian's python3-torch.
"""
import sys
import time

import torch
from torch import nn

FEATURES, SIZE, VOCABULARY, START, ROUNDS = 1280, 512, 3473, 1, 5


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.image = nn.Linear(FEATURES, SIZE)
        self.embedding = nn.Embedding(VOCABULARY, SIZE)
        self.cell = nn.GRUCell(SIZE, SIZE)
        self.output = nn.Linear(SIZE, VOCABULARY)

    def step(self, inputs, state):
        state = self.cell(inputs, state)
        return torch.log_softmax(self.output(state), 1), state


def beam_search(decoder, features, beam, words):
    photos = features.shape[0]
    unit = features / features.norm(dim=1, keepdim=True)
    state = decoder.cell(decoder.image(unit))
    start = torch.full((photos,), START)
    logprobs, state = decoder.step(decoder.embedding(start), state)
    scores, word = logprobs.topk(beam)  # (photos, beam)
    said = word.unsqueeze(2)
    state = state.repeat_interleave(beam, 0)
    first_row = torch.arange(photos).unsqueeze(1) * beam
    for _ in range(words - 1):
        logprobs, state = decoder.step(decoder.embedding(word.view(-1)), state)
        together = scores.unsqueeze(2) + logprobs.view(photos, beam, VOCABULARY)
        scores, place = together.view(photos, -1).topk(beam)
        parent, word = place // VOCABULARY, place % VOCABULARY
        state = state[(first_row + parent).view(-1)]
        said = torch.cat((said.gather(1, parent.unsqueeze(2).expand_as(said)), word.unsqueeze(2)), 2)
    return said[:, 0]


def main():
    if len(sys.argv) < 3:
        sys.exit("beam_peer.py: expected photos and threads")
    photos, threads = int(sys.argv[1]), int(sys.argv[2])
    beam = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    words = int(sys.argv[4]) if len(sys.argv) > 4 else 12
    torch.manual_seed(0)
    torch.set_num_threads(threads)
    decoder = Decoder().eval()
    features = torch.rand(photos, FEATURES)
    best = float("inf")
    with torch.inference_mode():
        beam_search(decoder, features, beam, words)
        for _ in range(ROUNDS):
            start = time.perf_counter()
            assert beam_search(decoder, features, beam, words).shape == (photos, words)
            best = min(best, time.perf_counter() - start)
    print(f"{photos / best:.1f} {threads} thread(s)")


if __name__ == "__main__":
    main()
