"""A LiveKit-compatible room for one desk: loopback only, a few participants, Opus and VP8."""

from avatardesk.room.limits import RoomLimits
from avatardesk.room.server import RoomServer

__all__ = ["RoomLimits", "RoomServer"]
