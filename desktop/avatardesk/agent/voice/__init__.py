"""Offline voice: the speech synthesiser that this machine already has, behind one small interface.

    voice = OfflineVoice.find()
    async for pcm in voice.synthesize("Hello. How are you?"):
        ...                      # s16le mono at voice.sample_rate, sentence by sentence

On Linux the synthesiser (flite or espeak-ng) is a separate program; text goes in through standard input or a
file, never through the command line. Nothing here needs livekit-agents.
"""

from __future__ import annotations

from avatardesk.agent.voice.offline import OfflineVoice
from avatardesk.agent.voice.sentences import SentenceSplitter, split_sentences
from avatardesk.agent.voice.spoken import spoken

__all__ = ["OfflineVoice", "SentenceSplitter", "split_sentences", "spoken"]
