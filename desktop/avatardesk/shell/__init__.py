"""Everything that imports Qt: the window, the page in it, the bridge to the page, and the control socket."""
