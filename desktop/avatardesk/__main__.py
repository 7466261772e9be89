"""`python -m avatardesk`: the same as the command `avatardesk`."""

from __future__ import annotations

import sys

from avatardesk.cli import main

if __name__ == "__main__":
    sys.exit(main())
