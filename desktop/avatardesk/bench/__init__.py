"""Benches: each a module with `main(argv)`, run by `avatardesk bench NAME`; figures, never verdicts."""
