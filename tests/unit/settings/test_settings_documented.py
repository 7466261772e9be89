from __future__ import annotations

import re
from pathlib import Path

from avatardesk.secrets import NAMES
from avatardesk.settings import known_settings

OPERATIONS = Path(__file__).parents[3] / "docs" / "operations.md"


def test_every_setting_and_secret_is_documented_and_no_other() -> None:
    text = OPERATIONS.read_text(encoding="utf-8")
    table = text.split("## Settings")[1].split("Secrets are no settings")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    documented = {name for row in rows for name in re.findall(r"`([\w.]+)`", row)}
    assert documented == set(known_settings())
    for name in NAMES:
        assert f"`{name}`" in text


def test_the_names_of_the_ecosystem_are_documented_with_their_setting() -> None:
    lines = OPERATIONS.read_text(encoding="utf-8").splitlines()
    for known in known_settings().values():
        row = next(line for line in lines if line.startswith("| `") and f"`{known.key}`" in line)
        for name in known.env:
            assert f"`{name}`" in row
