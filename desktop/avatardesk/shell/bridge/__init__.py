"""The bridge between page and program, as docs/protocols/bridge.md defines it."""
