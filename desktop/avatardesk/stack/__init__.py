"""The processes beside the window: how they are started, watched, restarted and ended."""
