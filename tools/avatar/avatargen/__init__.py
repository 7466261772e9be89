"""Sculpts AvatarDesk's characters from numbers: no imported mesh, no imported texture."""
