"""Whether an archive is what its authors published: by its digest, or its OpenPGP signature."""

from __future__ import annotations

import hashlib
import hmac
import shutil
import subprocess
import tempfile
from pathlib import Path

from bartizan.perimeter.waf.release.errors import ReleaseError

__all__ = ["check_digest", "check_signature"]

GPG_SECONDS = 60.0
_GOOD, _VALID = "[GNUPG:] GOODSIG ", "[GNUPG:] VALIDSIG "
_BAD = tuple(f"[GNUPG:] {word} " for word in ("BADSIG", "ERRSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG"))


def check_digest(archive: bytes, sha256: str) -> None:
    """Raise ``ReleaseError`` unless an archive has this SHA-256, in hexadecimal."""
    found = hashlib.sha256(archive).hexdigest()
    if not hmac.compare_digest(found.encode(), sha256.strip().lower().encode()):
        raise ReleaseError(f"the archive's SHA-256 is {found}, not {sha256.strip()}: it is not what was published")


def check_signature(archive: bytes, signature: Path, key: Path) -> str:
    """Return the fingerprint of the key that signed an archive (detached OpenPGP signature, RFC 9580).

    ``key`` is a file with the only keys that count. Raises ``ReleaseError``, also without the program ``gpg``.
    """
    gpg = shutil.which("gpg")
    if gpg is None:
        raise ReleaseError("checking a signature takes gpg: install gnupg, or give the digest with --sha256")
    with tempfile.TemporaryDirectory(prefix="bartizan-gpg-") as home:
        command = [gpg, "--homedir", home, "--batch", "--no-tty", "--no-autostart", "--status-fd", "1"]
        _gpg([*command, "--import", "--", str(key.absolute())], b"", f"no key can be read from {key}")
        status = _gpg(
            [*command, "--trust-model", "always", "--verify", "--", str(signature.absolute()), "-"],
            archive,
            f"{signature} is no signature of this archive by a key of {key}",
        )
    lines = status.splitlines()
    valid = [line for line in lines if line.startswith(_VALID)]
    if not valid or not any(line.startswith(_GOOD) for line in lines) or any(line.startswith(_BAD) for line in lines):
        raise ReleaseError(f"{signature} is no good signature of this archive by a key of {key}")
    return valid[0].removeprefix(_VALID).split()[0]


def _gpg(command: list[str], data: bytes, failure: str) -> str:
    try:
        ran = subprocess.run(  # noqa: S603 - files are named behind `--`
            command, input=data, capture_output=True, timeout=GPG_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ReleaseError(f"gpg cannot be run: {error}") from error
    if ran.returncode:
        said = ran.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ReleaseError(f"{failure} (gpg: {said[-1] if said else 'no reason given'})")
    return ran.stdout.decode("utf-8", "replace")
