"""The offline voice as a LiveKit TTS."""

from __future__ import annotations
