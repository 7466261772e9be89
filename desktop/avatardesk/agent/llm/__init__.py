"""What answers: the scripted guide, or a language model when there is one."""

from __future__ import annotations
