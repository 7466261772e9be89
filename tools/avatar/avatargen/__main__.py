"""Command line: writes characters and their manifest.

python -m avatargen OUTPUT_DIRECTORY [ID ...]
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import time
from pathlib import Path

from avatargen.build import build_character
from avatargen.character import CHARACTERS
from avatargen.pack import pack


def main() -> None:
    """Generates the named characters (all by default) and rewrites the manifest's entries for them."""
    parser = argparse.ArgumentParser(prog="avatargen", description="Generates AvatarDesk's characters.")
    parser.add_argument("output", type=Path, help="directory for the .avh files and manifest.json")
    parser.add_argument(
        "ids", nargs="*", choices=[[], *CHARACTERS], help="characters to generate (default: all)"
    )
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    manifest_path = options.output / "manifest.json"
    entries = {}
    if manifest_path.exists():
        entries = {entry["id"]: entry for entry in json.loads(manifest_path.read_text())["avatars"]}
    for key in options.ids or CHARACTERS:
        started = time.perf_counter()
        character = CHARACTERS[key]
        header, parts = build_character(character)
        data = pack(header, parts)
        (options.output / f"{key}.avh").write_bytes(data)
        entries[key] = {
            "id": key,
            "name": character.name,
            "description": character.description,
            "kind": "head",
            "file": f"{key}.avh",
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        vertices = sum(len(part.points) for part in parts)
        triangles = sum(len(part.triangles) for part in parts)
        seconds = time.perf_counter() - started
        print(
            f"{key}: {vertices} vertices, {triangles} triangles, {len(data) / 1e6:.2f} MB "
            f"({len(gzip.compress(data)) / 1e6:.2f} MB gzip), {seconds:.1f} s"
        )
    avatars = [entries[key] for key in CHARACTERS if key in entries]
    manifest_path.write_text(json.dumps({"version": 1, "avatars": avatars}, indent=2) + "\n")


if __name__ == "__main__":
    main()
