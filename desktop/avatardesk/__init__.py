"""AvatarDesk: real-time voice conversation with a talking avatar, as a desktop program."""

__version__ = "0.1.0"
