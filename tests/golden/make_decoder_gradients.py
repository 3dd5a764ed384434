#!/usr/bin/python3
"""Golden losses and gradients of the decoder by PyTorch's own RNN, GRU and LSTM.

    /usr/bin/python3 tests/golden/make_decoder_gradients.py > tests/golden/decoder_gradients.txt

Needs Debian's python3-torch. Nothing is drawn at random: weight i of tensor number k is
0.6 sin(0.7 i + k + 1), feature i is 1 + sin(0.9 i), rounded to float32, which tests/unit/test_unroll.c
computes as well. PyTorch then works in double precision, one sequence after the other, so that neither
batching nor windows are shared with what is tested.

The batch is that of batch_captions() in tests/unit/decoder_fixture.h: four captions of two photos, of
unequal length. The loss is the sum over all words of the cross entropy with label smoothing 0.125. It is
given for back-propagation through the whole caption (period 0) and truncated after 3 steps: the state is
carried over the cut and detached.

Format: "case CELL PERIOD LOSS" (the plain negative log likelihood), then "tensor NAME COUNT" lines each
followed by a line of COUNT numbers; a tensor's name is that of the model file, or "features".
"""
import math

import torch
from torch import nn
from torch.nn import functional as F

WORDS, EMBEDDING, HIDDEN, FEATURES, SMOOTHING = 7, 3, 4, 6, 0.125
NOTHING, PHOTO = -1, -2
INPUTS = [[PHOTO, 1, 4, 6, 3, 3, 5], [PHOTO - 1, 1, 3, 5, 4], [PHOTO, 1, 6, 4, 6], [PHOTO - 1, 1, 5]]
TARGETS = [[NOTHING, 4, 6, 3, 3, 5, 2], [NOTHING, 3, 5, 4, 2], [NOTHING, 6, 4, 6, 2], [NOTHING, 5, 2]]
CELLS = {"rnn": (nn.RNN, 1), "gru": (nn.GRU, 3), "lstm": (nn.LSTM, 4)}


def formula(count, function):
    """Numbers that the C test computes too, rounded to float32."""
    return torch.tensor([function(i) for i in range(count)]).float().double()


def make_parameters(gates):
    shapes = {
        "decoder.image.shift": (FEATURES,),
        "decoder.image.scale": (FEATURES,),
        "decoder.image.weight": (EMBEDDING, FEATURES),
        "decoder.image.bias": (EMBEDDING,),
        "decoder.embedding.weight": (WORDS, EMBEDDING),
        "decoder.cell.weight_ih": (gates * HIDDEN, EMBEDDING),
        "decoder.cell.weight_hh": (gates * HIDDEN, HIDDEN),
        "decoder.cell.bias_ih": (gates * HIDDEN,),
        "decoder.cell.bias_hh": (gates * HIDDEN,),
        "decoder.output.weight": (WORDS, HIDDEN),
        "decoder.output.bias": (WORDS,),
    }
    parameters = {}
    for k, (name, shape) in enumerate(shapes.items()):
        values = formula(math.prod(shape), lambda i: 0.6 * math.sin(0.7 * i + k + 1))
        parameters[name] = values.reshape(shape).requires_grad_("shift" not in name and "scale" not in name)
    return parameters


def detached(state):
    return tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()


def caption_losses(cell, parameters, vectors, inputs, targets, period):
    """Smoothed and plain summed loss of one caption."""
    rows = [vectors[PHOTO - i] if i <= PHOTO else parameters["decoder.embedding.weight"][i] for i in inputs]
    state, smoothed, plain = None, 0, 0
    for start in range(0, len(rows), period or len(rows)):
        window = torch.stack(rows[start : start + (period or len(rows))])[:, None]
        arguments = (window,) if state is None else (window, detached(state))
        output, state = cell(*arguments)
        logits = F.linear(output[:, 0], parameters["decoder.output.weight"], parameters["decoder.output.bias"])
        words = torch.tensor(targets[start : start + len(window)])
        smoothed = smoothed + F.cross_entropy(
            logits, words, ignore_index=NOTHING, label_smoothing=SMOOTHING, reduction="sum"
        )
        plain = plain + F.cross_entropy(logits, words, ignore_index=NOTHING, reduction="sum").item()
    return smoothed, plain


def make_case(name, period):
    module, gates = CELLS[name]
    parameters = make_parameters(gates)
    features = formula(2 * FEATURES, lambda i: 1 + math.sin(0.9 * i)).reshape(2, FEATURES).requires_grad_(True)
    scaled = (F.normalize(features) - parameters["decoder.image.shift"]) * parameters["decoder.image.scale"]
    vectors = F.linear(scaled, parameters["decoder.image.weight"], parameters["decoder.image.bias"])
    cell = module(EMBEDDING, HIDDEN).double()
    for weight in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        setattr(cell, weight + "_l0", nn.Parameter(parameters["decoder.cell." + weight].detach()))
        parameters["decoder.cell." + weight] = getattr(cell, weight + "_l0")
    losses = [caption_losses(cell, parameters, vectors, i, t, period) for i, t in zip(INPUTS, TARGETS)]
    sum(smoothed for smoothed, _ in losses).backward()

    print(f"case {name} {period} {sum(plain for _, plain in losses):.9g}")
    tensors = {n: p for n, p in parameters.items() if p.requires_grad} | {"features": features}
    for tensor, values in tensors.items():
        print(f"tensor {tensor} {values.numel()}")
        print(" ".join(f"{x:.8g}" for x in values.grad.flatten().tolist()))


for cell_name in CELLS:
    for t_p in (0, 3):
        make_case(cell_name, t_p)
