"""Lip-sync that reads speech: PCM in, ARKit-52 motion out, streaming, in pure numpy."""

from __future__ import annotations

from avatardesk.driving.lipsync.engine import LipSyncEngine
from avatardesk.driving.lipsync.recognizer import VisemeRecognizer
from avatardesk.driving.lipsync.resample import SAMPLE_RATES
from avatardesk.driving.lipsync.visemes import VISEME_GROUPS, VISEMES, viseme_of_phone

__all__ = [
    "SAMPLE_RATES",
    "VISEMES",
    "VISEME_GROUPS",
    "LipSyncEngine",
    "VisemeRecognizer",
    "viseme_of_phone",
]
