"""Offline speech to text with PocketSphinx: two decoders that listen at once, one of them on home ground."""

from __future__ import annotations
