"""PocketSphinx's en-us acoustic model, read from the installed package and evaluated in numpy.

Only its 126 context-independent senones (42 phones of three states) are used: they answer "which part of
which phone does this sound like" without knowing any word. File formats: Sphinx-3's `s3file` (text header,
byte-order word, data) for means, variances and transitions, and `sendump` for the quantised mixture weights.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pocketsphinx

from avatardesk.errors import PlatformError

Float = npt.NDArray[np.float32]

STREAMS: Final = 3
"""Feature streams: cepstra, their differences, and the differences of those."""
DIMENSIONS: Final = 13
"""Values per stream."""
DENSITIES: Final = 128
"""Gaussians per phone and stream."""
STATES: Final = 3
"""States (senones) per phone."""

# Products are kept so small that BLAS leaves them on one thread: waking others costs more than they save.
_PARTS: Final = 2

_HEADER_END: Final = b"endhdr\n"
_BYTE_ORDER_WORD: Final = 0x11223344
_MDEF_MAGIC: Final = b"BMDF"
# sendump keeps -log_base(weight) >> 10 with PocketSphinx's log base 1.0001: one step is 1024 · ln 1.0001.
_WEIGHT_STEP: Final = 1024 * np.log(1.0001)
_VARIANCE_FLOOR: Final = 1e-4
_LEAST_BIGRAM: Final = 1e-6
_NOISE_BIGRAM: Final = 1e-4


@dataclass(frozen=True)
class AcousticModel:
    """The model's tables, laid out for one matrix product per block. Immutable: every session shares one."""

    phones: tuple[str, ...]
    gaussians: Float
    """(3 streams, 2 parts, 27, phones in part · 128): log density = [x, x², 1] @ this."""
    weights: Float
    """(3 streams, 2 parts, 1, phones in part, 3, 128): mixture weights of a phone's three senones."""
    transitions: Float
    """(states, states): phone loop, from row to column; rows sum to one."""

    @property
    def senones(self) -> int:
        """Number of context-independent senones (126)."""
        return len(self.phones) * STATES

    def log_likelihoods(self, features: Float) -> Float:
        """Return log p(x | senone), (streams, n, senones), of `features` (streams, n frames, 13)."""
        count = features.shape[1]
        ones = np.ones((STREAMS, count, 1), np.float32)
        design = np.concatenate([features, features * features, ones], axis=2)
        density = np.matmul(design[:, None], self.gaussians).reshape(STREAMS, _PARTS, count, -1, DENSITIES)
        best = density.max(axis=4, keepdims=True)
        density -= best
        np.exp(density, out=density)
        mixed = np.vecdot(density[:, :, :, :, None], self.weights)
        result: Float = np.log(mixed + np.float32(1e-30)) + best
        return result.transpose(0, 2, 1, 3, 4).reshape(STREAMS, count, self.senones)


@functools.cache
def load_acoustic_model() -> AcousticModel:
    """Read the model once per process; later calls return the same object.

    Raises:
        PlatformError: the pocketsphinx package has no usable en-us model.
    """
    try:
        folder = Path(pocketsphinx.get_model_path("en-us/en-us"))
        phones = _read_phones(folder / "mdef")
        means, variances = _read_gaussians(folder / "means"), _read_gaussians(folder / "variances")
        shape = (len(phones), STREAMS, DENSITIES, DIMENSIONS)
        if means.shape != shape or variances.shape != shape:
            raise ValueError(f"gaussians of shape {means.shape}, expected {shape}")
        return AcousticModel(
            phones=phones,
            gaussians=_design_matrix(means, variances),
            weights=_read_weights(folder, len(phones)),
            transitions=_phone_loop(phones, _read_transitions(folder / "transition_matrices", len(phones))),
        )
    except (OSError, ValueError, IndexError, RuntimeError) as error:
        raise PlatformError(
            f"The speech model for lip-sync cannot be read: {error}.",
            hint="Install the package pocketsphinx again (its en-us model belongs to it).",
        ) from error


def _read_s3(path: Path) -> bytes:
    """Return the data of an s3 file, after its header and its byte-order word."""
    content = path.read_bytes()
    start = content.index(_HEADER_END) + len(_HEADER_END)
    if int.from_bytes(content[start : start + 4], "little") != _BYTE_ORDER_WORD:
        raise ValueError(f"{path.name} is not little endian")
    return content[start + 4 :]


def _read_gaussians(path: Path) -> Float:
    """Return means or variances as (phones, streams, densities, dimensions)."""
    data = _read_s3(path)
    books, streams, densities = (int(n) for n in np.frombuffer(data, "<i4", 3))
    lengths = np.frombuffer(data, "<i4", streams, offset=12)
    if (lengths != DIMENSIONS).any():
        raise ValueError(f"{path.name} has streams of {lengths.tolist()} values")
    total = books * streams * densities * DIMENSIONS
    values = np.frombuffer(data, "<f4", total, offset=16 + 4 * streams)
    return values.reshape(books, streams, densities, DIMENSIONS)


def _design_matrix(means: Float, variances: Float) -> Float:
    """Fold diagonal Gaussians into one matrix per stream: log N(x) = [x, x², 1] @ matrix."""
    variances = np.maximum(variances, _VARIANCE_FLOOR)
    constant = -0.5 * (means * means / variances + np.log(2 * np.pi * variances)).sum(axis=3, keepdims=True)
    rows = np.concatenate([means / variances, -0.5 / variances, constant], axis=3)
    parts = rows.reshape(_PARTS, -1, STREAMS, DENSITIES, rows.shape[3]).transpose(2, 0, 4, 1, 3)
    matrix: Float = np.ascontiguousarray(parts, dtype=np.float32)
    return matrix.reshape(STREAMS, _PARTS, rows.shape[3], -1)


def _read_mdef_header(path: Path) -> tuple[npt.NDArray[np.int32], bytes]:
    content = path.read_bytes()
    if content[:4] != _MDEF_MAGIC:
        raise ValueError(f"{path.name} is not a binary model definition")
    start = 12 + int.from_bytes(content[8:12], "little")
    return np.frombuffer(content, "<i4", 10, offset=start), content[start + 40 :]


def _read_phones(path: Path) -> tuple[str, ...]:
    counts, names = _read_mdef_header(path)
    if int(counts[3]) != STATES * int(counts[0]):
        raise ValueError(f"{path.name} has {counts[3]} context-independent senones for {counts[0]} phones")
    return tuple(name.decode("ascii") for name in names.split(b"\0", int(counts[0]))[: int(counts[0])])


def _read_weights(folder: Path, phones: int) -> Float:
    """Return the mixture weights of the context-independent senones, as `AcousticModel.weights`."""
    senones = int(_read_mdef_header(folder / "mdef")[0][4])
    content = np.fromfile(folder / "sendump", np.uint8)
    table = content[len(content) - STREAMS * DENSITIES * senones :].reshape(STREAMS, DENSITIES, senones)
    quantised = table[:, :, : phones * STATES].astype(np.float32)
    weights = np.exp(-_WEIGHT_STEP * quantised).reshape(STREAMS, DENSITIES, phones, STATES)
    ordered: Float = np.ascontiguousarray(weights.transpose(0, 2, 3, 1), dtype=np.float32)
    return ordered.reshape(STREAMS, _PARTS, 1, phones // _PARTS, STATES, DENSITIES)


def _read_transitions(path: Path, phones: int) -> Float:
    """Return the transitions in each phone, (phones, 3 from, 4 to); the fourth target leaves the phone."""
    data = _read_s3(path)
    count, source, target = (int(n) for n in np.frombuffer(data, "<i4", 3))
    if (count, source, target) != (phones, STATES, STATES + 1):
        raise ValueError(f"{path.name} has shape {(count, source, target)}")
    values = np.frombuffer(data, "<f4", count * source * target, offset=16).reshape(count, source, target)
    normalised: Float = values / values.sum(axis=2, keepdims=True)
    return normalised


def _read_phone_bigrams(phones: tuple[str, ...]) -> npt.NDArray[np.float64]:
    """Return p(next phone | phone), (phones, phones), from the package's phone language model."""
    logarithms = pocketsphinx.LogMath()
    model = pocketsphinx.NGramModel(
        pocketsphinx.Config(), logarithms, pocketsphinx.get_model_path("en-us/en-us-phone.lm.bin")
    )
    # The package wants the word first and its history after it.
    rows = [[logarithms.exp(model.prob([after, phone])) for after in phones] for phone in phones]
    bigrams = np.maximum(np.array(rows), _LEAST_BIGRAM)
    bigrams[:, [index for index, phone in enumerate(phones) if phone.startswith("+")]] = _NOISE_BIGRAM
    normalised: npt.NDArray[np.float64] = bigrams / bigrams.sum(axis=1, keepdims=True)
    return normalised


def _phone_loop(phones: tuple[str, ...], inner: Float) -> Float:
    """Join the phones' own transitions into one loop: leaving a phone enters another one's first state."""
    bigrams = _read_phone_bigrams(phones)
    count = len(phones)
    loop = np.zeros((count, STATES, count, STATES))
    for index in range(count):
        loop[index, :, index, :] += inner[index, :, :STATES]
        loop[index, :, :, 0] += inner[index, :, STATES, None] * bigrams[index]
    flat = loop.reshape(count * STATES, count * STATES)
    loop_of_states: Float = (flat / flat.sum(axis=1, keepdims=True)).astype(np.float32)
    return loop_of_states
