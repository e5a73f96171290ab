#!/usr/bin/env python3
"""Holds the router's LSTM against PyTorch: answers, loss and the gradient of every weight.

  lstm_gradients.py [Tests/ForecastingTests/Golden/lstm_gradients.json]

Needs `pip install torch numpy`. The file is written by the tests with FORESHARD_REWRITE_GOLDEN=1. PyTorch computes in
double precision; the file's numbers come from single precision.
"""
import json
import sys

import torch

ROOT = __file__.rsplit("/", 2)[0]
TOLERANCE = 1e-5  # of the largest of its kind

torch.set_default_dtype(torch.float64)
path = sys.argv[1] if len(sys.argv) > 1 else ROOT + "/Tests/ForecastingTests/Golden/lstm_gradients.json"
golden = json.load(open(path))
units, mixers, horizon = golden["units"], golden["mixers"], golden["horizon"]
inputs, known, windows, steps = golden["inputs"], golden["known"], golden["windows"], golden["steps"]
shares = torch.tensor(golden["quantiles"])
answers = len(shares)
readable = units + known
parts = {
    "inputWeights": (4 * units, inputs), "recurrentWeights": (4 * units, units), "gateBias": (4 * units,),
    "mixerWeights": (mixers, readable), "mixerBias": (mixers,), "mixerAnswers": (answers, mixers),
    "directAnswers": (horizon, answers, readable), "answerBias": (horizon, answers),
}


def split(flat):
    result, start = {}, 0
    for name, shape in parts.items():
        count = torch.Size(shape).numel()
        result[name] = torch.tensor(flat[start:start + count]).reshape(shape)
        start += count
    assert start == len(flat)
    return result


weight = {name: value.requires_grad_() for name, value in split(golden["weights"]).items()}
past = torch.tensor(golden["past"]).reshape(steps, windows, inputs)
coming = torch.tensor(golden["knownValues"]).reshape(horizon, windows, known)
targets = torch.tensor([float("nan") if y is None else y for y in golden["targets"]]).reshape(horizon, windows)

# PyTorch's own layer, with our weights in it.
layer = torch.nn.LSTM(inputs, units)
state = torch.func.functional_call(
    layer,
    {
        "weight_ih_l0": weight["inputWeights"], "weight_hh_l0": weight["recurrentWeights"],
        "bias_ih_l0": weight["gateBias"], "bias_hh_l0": torch.zeros(4 * units),
    },
    past)[0][-1]
read = torch.cat([state.expand(horizon, windows, units), coming], dim=2)
mixed = torch.tanh(read @ weight["mixerWeights"].T + weight["mixerBias"])
said = (mixed @ weight["mixerAnswers"].T + torch.einsum("kbr,kqr->kbq", read, weight["directAnswers"])
        + weight["answerBias"][:, None, :])
miss = targets[:, :, None] - said
loss = torch.maximum(shares * miss, (shares - 1) * miss)[~targets.isnan()].mean()
loss.backward()

failed = False
for name, ours, theirs in (
    [("answers", torch.tensor(golden["answers"]).reshape(said.shape), said),
     ("loss", torch.tensor(golden["loss"]), loss)]
    + [(name, value, weight[name].grad) for name, value in split(golden["gradient"]).items()]
):
    difference = (ours - theirs).abs().max().item()
    size = theirs.abs().max().item()
    failed |= difference > TOLERANCE * size
    print(f"{name:17} {ours.numel():4} values, largest {size:.4f}, largest difference {difference:.1e}")
sys.exit("differs from PyTorch" if failed else 0)
