"""The voice agent: hears the user in a LiveKit room, answers, and lets the avatar say it.

Importing this package is cheap; the heavy parts (livekit-agents, PocketSphinx) are imported by the
modules that need them, inside the agent's own process.
"""
