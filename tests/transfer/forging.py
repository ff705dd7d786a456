"""Backups that somebody else wrote: other members or another manifest, and sums that go with them."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

Change = Callable[[dict[str, bytes], dict[str, Any]], None]
"""What is done to the members and the manifest."""


def rewritten(path: Path, change: Change) -> None:
    """The backup with other members, or with another manifest, as somebody would write it."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    change(members, manifest)
    members.setdefault("manifest.json", json.dumps(manifest).encode())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def forged(name: str, content: bytes) -> Change:
    """Another content, with the sums to go with it."""

    def change(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
        kind, file = name.split("/")
        members[name] = content
        lines = content.decode(errors="replace").splitlines()
        manifest[kind][file.removesuffix(".jsonl")] = {
            "entries": len(lines),
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "lists": len(lines) if kind == "logs" else 0,
        }

    return change


def line_of(key: str, record: dict[str, Any]) -> bytes:
    return json.dumps({"key": key, "record": record}, separators=(",", ":")).encode() + b"\n"


def entry_of(key: str, entry: dict[str, Any]) -> bytes:
    return json.dumps({"key": key, "entries": [entry]}, separators=(",", ":")).encode() + b"\n"
