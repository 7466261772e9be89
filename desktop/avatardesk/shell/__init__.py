"""Everything that imports Qt: the window, the page in it, the bridge to the page, and the control socket."""

from __future__ import annotations

from avatardesk.shell.immortal import keep_singletons_alive

keep_singletons_alive()
