"""One conversation, without Qt: endpoints, tokens, the avatar's speech, and what is known about its state."""
