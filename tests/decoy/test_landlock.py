"""A child interpreter restricts itself and then tries to open what it should not."""

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

HAS = ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), ctypes.c_uint32(1)) >= 1
needs_landlock = pytest.mark.skipif(not HAS, reason="this kernel has no Landlock")


def restricted(directory: Path, code: str) -> None:
    own, keys, given = directory / "decoy", directory / "keys", directory / "api.yaml"
    own.mkdir()
    keys.mkdir()
    (keys / "master").write_text("secret")
    (own / "old").write_text("old")
    given.write_text("openapi")
    script = f"""
import os, sys
from pathlib import Path
from bartizan.decoy.landlock import restrict_files
own, keys, given = (Path(each) for each in {[str(own), str(keys), str(given)]!r})
def refused(call, *arguments):
    try:
        call(*arguments)
    except PermissionError:
        return
    raise SystemExit(f"{{call}}{{arguments}} was allowed")
print(restrict_files([given], [own]))
{code}
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout == "True\n"


@needs_landlock
def test_keys_and_other_processes_cannot_be_read(tmp_path: Path) -> None:
    restricted(
        tmp_path,
        """
refused((keys / "master").read_text)
refused(os.listdir, keys)
refused(os.listdir, own.parent)
refused(Path(f"/proc/{os.getppid()}/environ").read_bytes)
refused(Path("/etc/passwd").read_text)
refused((own / ".." / "keys" / "master").read_text)
""",
    )


@needs_landlock
def test_nothing_is_written_elsewhere(tmp_path: Path) -> None:
    restricted(
        tmp_path,
        """
refused((own.parent / "new").write_text, "x")
refused(given.write_text, "x")
refused((keys / "master").unlink)
refused(os.rename, own / "old", keys / "old")
""",
    )


@needs_landlock
def test_its_own_files_and_those_of_the_interpreter_are_open(tmp_path: Path) -> None:
    restricted(
        tmp_path,
        """
(own / "new").write_text("x"); (own / "deeper").mkdir(); (own / "new").unlink()
assert (own / "old").read_text() == "old" and given.read_text() == "openapi"
import http.server, email.mime.text, bartizan.http.body, msgspec, uvicorn
Path("/proc/self/statm").read_text(); os.urandom(8); Path("/dev/null").read_bytes()
""",
    )
