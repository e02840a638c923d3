"""Trains what reads the meaning of sentences: small networks on the states of their tokens."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from pitchquest_assets.analysis.content.head import (
    MEANING,
    States,
    TokenModel,
)

UNITS, DROPPED, EPOCHS, BATCH = 64, 0.3, 10, 128
RATE, DECAY = 2e-3, 0.02
# Few labels are true; so the network starts near their shares.
FIRST_BIAS = -3.0
# Sentences of about the same length share a batch; by how many tokens they may differ.
LENGTH_NOISE = 4.0
# Networks that start differently err differently; their mean errs less than each.
SEEDS = (0, 1, 2)


class _Network(nn.Module):
    """The network of `TokenModel`, with parts of its inputs dropped while it learns."""

    def __init__(self, size: int, outputs: int) -> None:
        super().__init__()
        self.inner = nn.Linear(size, UNITS)
        self.outer = nn.Linear(2 * UNITS + 3 * size, outputs)
        nn.init.constant_(self.outer.bias, FIRST_BIAS)

    def forward(
        self, states: torch.Tensor, there: torch.Tensor, meaning: torch.Tensor
    ) -> torch.Tensor:
        units = torch.relu(self.inner(_dropped(states))) * there
        mean = units.sum(1) / there.sum(1)
        # No unit is below zero, so padding never is the highest.
        logits: torch.Tensor = self.outer(_dropped(torch.cat([units.amax(1), mean, meaning], 1)))
        return logits


def _dropped(inputs: torch.Tensor) -> torch.Tensor:
    """The inputs with a share of them left out, the same ones for all tokens of a sentence."""
    shape = (len(inputs), *(1 for _ in inputs.shape[2:]), inputs.shape[-1])
    return inputs * (torch.rand(shape) >= DROPPED) / (1 - DROPPED)


def fit_tokens(states: Sequence[States], meaning: np.ndarray, labels: np.ndarray) -> TokenModel:
    """Train on the token states of sentences, and on their means with their neighbours'.

    Args:
        meaning: `with_neighbours` of each text, joined, float (sentences, 3 x size).
        labels: bool (sentences, outputs).
    """
    return _joined([_model(_trained(states, meaning, labels, seed)) for seed in SEEDS])


def _trained(
    states: Sequence[States], meaning: np.ndarray, labels: np.ndarray, seed: int
) -> _Network:
    torch.manual_seed(seed)
    chance = np.random.default_rng(seed)
    network = _Network(states[0].shape[1], labels.shape[1])
    inputs, wanted = MEANING * meaning.astype(np.float32), labels.astype(np.float32)
    lengths = np.array([len(one) for one in states])
    steps = EPOCHS * -(-len(states) // BATCH)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps)
    loss_of = nn.BCEWithLogitsLoss()
    for _ in range(EPOCHS):
        order = np.argsort(lengths + chance.uniform(0, LENGTH_NOISE, len(states)), kind="stable")
        batches = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]
        for at in chance.permutation(len(batches)):
            batch = batches[at]
            padded, there = _padded([states[one] for one in batch])
            given = network(padded, there, torch.from_numpy(inputs[batch]))
            loss = loss_of(given, torch.from_numpy(wanted[batch]))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return network


def _padded(states: Sequence[States]) -> tuple[torch.Tensor, torch.Tensor]:
    """The states with zeros behind them, and where there are any, float (sentences, tokens, …)."""
    longest = max(len(one) for one in states)
    padded = np.zeros((len(states), longest, states[0].shape[1]), np.float32)
    there = np.zeros((len(states), longest, 1), np.float32)
    for at, one in enumerate(states):
        padded[at, : len(one)], there[at, : len(one)] = one, 1.0
    return torch.from_numpy(padded), torch.from_numpy(there)


def _model(network: _Network) -> TokenModel:
    layers = (network.inner.weight.T, network.inner.bias, network.outer.weight.T)
    arrays = [one.detach().numpy().astype(np.float64) for one in (*layers, network.outer.bias)]
    return TokenModel(*arrays)


def _joined(models: Sequence[TokenModel]) -> TokenModel:
    """One model whose log odds are the mean of those of all: its layer holds all of their units."""
    pooled = [np.split(one.weights, [UNITS, 2 * UNITS]) for one in models]
    highest, mean, meaning = zip(*pooled, strict=True)
    outer = np.concatenate([*highest, *mean, sum(meaning)]) / len(models)
    return TokenModel(
        np.concatenate([one.inner_weights for one in models], axis=1),
        np.concatenate([one.inner_biases for one in models]),
        outer,
        np.mean([one.biases for one in models], axis=0),
    )
