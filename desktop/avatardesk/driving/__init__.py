"""The avatar service: it speaks the SpatialReal cloud's wire on loopback."""

from __future__ import annotations

from avatardesk.driving.limits import ServiceLimits
from avatardesk.driving.service import DEFAULT_AVATARS, AvatarService

__all__ = ["DEFAULT_AVATARS", "AvatarService", "ServiceLimits"]
