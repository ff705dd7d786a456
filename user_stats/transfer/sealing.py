"""The key for good of the address hash, sealed under a passphrase, so that a backup may carry it.

The key is random and as long as the pad that scrypt makes of the passphrase and a salt that is used once: the two are
added bit by bit, and a second part of what scrypt makes proves that it was the right passphrase.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from user_stats.errors import UnusableBackup

SALT_BYTES = 16
KEY_BYTES = 32
SCRYPT_COST = {"n": 2**15, "r": 8, "p": 1, "maxmem": 64 << 20}
"""32 MiB and some tens of milliseconds a guess, as OWASP has it at the least for p = 3; the passphrase is long."""


def sealed(key: bytes, passphrase: str) -> dict[str, str]:
    """The key as texts that may be stored."""
    salt = secrets.token_bytes(SALT_BYTES)
    pad, proof = _derived(passphrase, salt)
    hidden = bytes(one ^ other for one, other in zip(key, pad, strict=True))
    tag = hmac.digest(proof, salt + hidden, hashlib.sha256)
    return {"salt": salt.hex(), "key": hidden.hex(), "proof": tag.hex()}


def unsealed(stored: dict[str, str], passphrase: str) -> bytes:
    """The key again. Raises UnusableBackup for another passphrase, or where the texts were changed."""
    try:
        salt, hidden, tag = (bytes.fromhex(stored[name]) for name in ("salt", "key", "proof"))
    except (KeyError, ValueError):
        raise UnusableBackup("the sealed key of the address hash is damaged") from None
    pad, proof = _derived(passphrase, salt)
    if len(hidden) != KEY_BYTES or not hmac.compare_digest(tag, hmac.digest(proof, salt + hidden, hashlib.sha256)):
        raise UnusableBackup("the key of the address hash does not open: BACKUP_PASSPHRASE is another one")
    return bytes(one ^ other for one, other in zip(hidden, pad, strict=True))


def _derived(passphrase: str, salt: bytes) -> tuple[bytes, bytes]:
    made = hashlib.scrypt(passphrase.encode(), salt=salt, dklen=2 * KEY_BYTES, **SCRYPT_COST)
    return made[:KEY_BYTES], made[KEY_BYTES:]
