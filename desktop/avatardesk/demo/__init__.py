"""A recorded conversation with the real program: what is said, and the report of what was measured.

The part that needs a window is `avatardesk.shell.demo`.
"""
