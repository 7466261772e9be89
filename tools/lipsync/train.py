"""Train the viseme network on the output of features.py.

    PYTHON tools/lipsync/train.py FEATURES.npz --out WEIGHTS.npz [--seconds S] [--width H] [--seed N]

PYTHON is a separate environment with numpy, jax and optax (tools/lipsync/requirements.txt): training is no
part of the program. One core and some five minutes are enough; much longer training only learns the
synthesisers by heart. A twenty-fifth of the runs is held out and reported.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import jax
import jax.numpy as jnp
import numpy as np
import optax

LAYERS = ((5, 1), (3, 3), (3, 9))  # as avatardesk.driving.lipsync.network
CLASSES = 15
PRIOR_COLUMNS = slice(-CLASSES, None)
PRIOR_SCALE = 1 / 3

CROP = 160
UNSCORED = 40  # frames at the beginning of a crop, in which the convolutions' memory fills
BATCH = 48
PEAK_RATE, DECAY = 3e-3, 1e-3
FRAME_DROPOUT = 0.25  # share of inputs zeroed
INPUT_NOISE = 0.25
SMOOTHING = 0.05
TEACHER = 0.45  # share of the target that is the phone loop's opinion of the clean sound

Parameters = dict[str, Any]


def initial(key: jax.Array, inputs: int, width: int) -> Parameters:
    """Return fresh parameters; the network begins as a copy of the phone loop."""
    keys = jax.random.split(key, len(LAYERS) + 1)
    parameters = {
        "entry": jnp.concatenate(
            [jax.random.normal(keys[0], (inputs, width)) * np.sqrt(2 / inputs), jnp.zeros((1, width))]
        ),
        "exit": jnp.zeros((width + 1, CLASSES)),
        "prior": jnp.ones(()),
    }
    for index, (taps, _) in enumerate(LAYERS):
        weights = jax.random.normal(keys[index + 1], (taps * width, width)) / np.sqrt(taps * width)
        parameters[f"layer{index}"] = jnp.concatenate([weights, jnp.zeros((1, width))])
    return parameters


def forward(parameters: Parameters, inputs: jax.Array, log_prior: jax.Array) -> jax.Array:
    """Return scores (batch, frames, 15) of inputs (batch, frames, 193)."""
    hidden = jax.nn.relu(inputs @ parameters["entry"][:-1] + parameters["entry"][-1])
    for index, (taps, dilation) in enumerate(LAYERS):
        weights = parameters[f"layer{index}"]
        width, frames = hidden.shape[2], hidden.shape[1]
        padded = jnp.pad(hidden, ((0, 0), ((taps - 1) * dilation, 0), (0, 0)))
        windows = [padded[:, tap * dilation : tap * dilation + frames] for tap in range(taps)]
        out = sum(window @ weights[tap * width : (tap + 1) * width] for tap, window in enumerate(windows))
        hidden = hidden + jax.nn.relu(out + weights[-1])
    return hidden @ parameters["exit"][:-1] + parameters["exit"][-1] + parameters["prior"] * log_prior


def loss(parameters: Parameters, batch: tuple[jax.Array, ...], key: jax.Array) -> jax.Array:
    """Return the cross-entropy against a blend of the true label and the teacher."""
    inputs, labels, teacher = (array.astype(jnp.float32) if array.ndim == 3 else array for array in batch)
    log_prior = inputs[..., PRIOR_COLUMNS] / PRIOR_SCALE
    keys = jax.random.split(key)
    noisy = inputs + INPUT_NOISE * jax.random.normal(keys[0], inputs.shape)
    kept = jax.random.bernoulli(keys[1], 1 - FRAME_DROPOUT, (*inputs.shape[:1], 1, inputs.shape[2]))
    scores = forward(parameters, noisy * kept / (1 - FRAME_DROPOUT), log_prior)
    truth = jax.nn.one_hot(jnp.maximum(labels, 0), CLASSES) * (1 - SMOOTHING) + SMOOTHING / CLASSES
    # Where the label says silence, the teacher (who babbles in noise) has no say.
    share = TEACHER * (labels > 0)[..., None]
    target = (1 - share) * truth + share * teacher
    scored = (labels >= 0).at[:, :UNSCORED].set(False)
    each = -(target * jax.nn.log_softmax(scores)).sum(-1)
    return (each * scored).sum() / scored.sum()


def train(
    inputs: np.ndarray, labels: np.ndarray, teacher: np.ndarray, seconds: float, width: int, seed: int
) -> Parameters:
    """Train for a while with AdamW on random crops."""
    parameters = initial(jax.random.PRNGKey(seed), inputs.shape[1], width)
    optimiser = optax.inject_hyperparams(optax.adamw)(learning_rate=PEAK_RATE, weight_decay=DECAY)
    state = optimiser.init(parameters)

    @jax.jit
    def step(parameters: Parameters, state: Any, batch: tuple[jax.Array, ...], key: jax.Array) -> Any:
        value, gradient = jax.value_and_grad(loss)(parameters, batch, key)
        updates, state = optimiser.update(gradient, state, parameters)
        return optax.apply_updates(parameters, updates), state, value

    rng, key = np.random.default_rng(seed), jax.random.PRNGKey(seed + 1)
    began, done, average = time.process_time(), 0.0, 0.0
    count = 0
    while done < 1:
        rows = rng.integers(0, len(inputs) - CROP, BATCH)[:, None] + np.arange(CROP)
        key, used = jax.random.split(key)
        state.hyperparams["learning_rate"] = jnp.asarray(
            PEAK_RATE * min(1, 20 * done) * (0.5 * (1 + np.cos(np.pi * done)) + 0.01)
        )
        parameters, state, value = step(
            parameters, state, (inputs[rows], labels[rows].astype(np.int32), teacher[rows]), used
        )
        average = 0.98 * average + 0.02 * float(value) if count else float(value)
        count += 1
        done = (time.process_time() - began) / seconds
        if count % 300 == 0:
            print(f"step {count}, {100 * done:.0f} %, loss {average:.3f}", flush=True)
    print(f"{count * BATCH * CROP / len(inputs):.1f} passes over the data")
    return parameters


def main() -> None:
    """Train, report on the held-out runs, write the weights as float16."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("features", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    data = np.load(options.features)
    inputs, labels, teacher, runs = (data[name] for name in ("inputs", "labels", "teacher", "runs"))
    split = int(runs[int(len(runs) * 0.96)])
    parameters = train(
        inputs[:split], labels[:split], teacher[:split], options.seconds, options.width, options.seed
    )
    held = inputs[None, split:].astype(np.float32)
    scores = np.asarray(forward(parameters, held, held[..., PRIOR_COLUMNS] / PRIOR_SCALE))[0]
    truth = labels[split:]
    prior = np.argmax(held[0][:, PRIOR_COLUMNS], axis=1)
    for name, found in (("phone loop", prior), ("network", scores.argmax(axis=1))):
        print(f"held out, {name}: {(found == truth)[truth >= 0].mean():.3f} right")
    np.savez_compressed(
        options.out, **{name: np.asarray(array, np.float16) for name, array in parameters.items()}
    )


if __name__ == "__main__":
    main()
