"""A child interpreter confines itself and then tries what an intruder would."""

import subprocess
import sys
from pathlib import Path

import pytest

PRELUDE = """
import ctypes, errno, io, mmap, os, signal, socket, sys, threading
from bartizan.decoy.confine import confine
open_before = socket.socketpair()
parent = os.getppid()
libc = ctypes.CDLL(None, use_errno=True)
def refused(call, *arguments):
    try:
        call(*arguments)
    except PermissionError:
        return
    except OSError as error:
        raise SystemExit(f"{call}: {error!r}")
    raise SystemExit(f"{call}{arguments} was allowed")
def refused_raw(number, *arguments):
    ctypes.set_errno(0)
    if libc.syscall(number, *arguments) != -1 or ctypes.get_errno() != errno.EPERM:
        raise SystemExit(f"system call {number}: {errno.errorcode.get(ctypes.get_errno())}")
"""


def confined(code: str, before: str = "") -> str:
    script = f"{PRELUDE}\n{before}\nconfine()\n{code}\nprint('done')"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.endswith("done\n")
    return run.stdout


def test_no_socket_is_made_for_any_family() -> None:
    confined("""
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET, socket.AF_UNIX, socket.AF_VSOCK,
               socket.AF_ALG, socket.AF_BLUETOOTH):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
        refused(socket.socket, family, kind)
refused(socket.create_connection, ("127.0.0.1", 9))
try:
    socket.getaddrinfo("example.org", 443)
except socket.gaierror:
    pass
else:
    raise SystemExit("a name was looked up")
""")


def test_a_socket_that_was_there_before_goes_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "other"
    confined(
        f"""
refused(inet.connect, ("127.0.0.1", 9))
refused(unix.connect, {str(path)!r})
refused(inet.bind, ("127.0.0.1", 0))
""",
        before=f"""
inet = socket.socket(); unix = socket.socket(socket.AF_UNIX)
listener = socket.socket(socket.AF_UNIX); listener.bind({str(path)!r}); listener.listen()
""",
    )


def test_no_program_is_executed_and_no_process_made() -> None:
    confined("""
import subprocess
refused(os.fork)
refused(subprocess.run, ["/bin/true"])
refused(os.execv, "/bin/true", ["true"])
refused(os.posix_spawn, "/bin/true", ["true"], {})
""")


def test_other_processes_are_not_touched() -> None:
    confined("""
refused(os.kill, parent, 0)
refused(os.kill, 0, 0)
refused(os.kill, -1, 0)
refused(os.pidfd_open, parent)
os.kill(os.getpid(), 0)
""")


@pytest.mark.skipif(sys.platform != "linux" or sys.maxsize < 2**32, reason="the numbers are those of 64-bit Linux")
def test_the_ways_around_a_filter_are_shut() -> None:
    confined("""
for number in (425, 426, 427):  # io_uring, the same number everywhere
    refused_raw(number, 1, 0, 0, 0, 0, 0)
refused(socket.socketpair, socket.AF_UNIX, socket.SOCK_DGRAM)
refused(socket.socketpair, socket.AF_UNIX, socket.SOCK_SEQPACKET)
""")


def test_threads_event_loops_and_open_connections_go_on() -> None:
    confined("""
import asyncio, uvloop
answers = []
thread = threading.Thread(target=lambda: answers.append(1)); thread.start(); thread.join()
async def work():
    reader, writer = await asyncio.open_connection(sock=open_before[0])
    open_before[1].send(b"hello")
    assert await reader.read(5) == b"hello"
    await asyncio.to_thread(sum, (1, 2))
    writer.close()
open_before[0].setblocking(False)
uvloop.run(work())
assert answers == [1]
""")


def test_threads_that_run_already_are_confined_too() -> None:
    confined(
        """
ready.set(); thread.join()
assert outcome == ["refused"], outcome
""",
        before="""
ready, outcome = threading.Event(), []
def later():
    ready.wait()
    try:
        socket.socket()
    except PermissionError:
        outcome.append("refused")
thread = threading.Thread(target=later); thread.start()
""",
    )


def test_without_the_library_it_is_refused_with_a_remedy() -> None:
    script = """
from bartizan.decoy import confine
from bartizan.errors import DecoyError
confine.LIBRARY = "libseccomp-that-is-not-there.so"
try:
    confine.confine()
except DecoyError as error:
    assert "install libseccomp2" in str(error)
    print("done")
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert run.stdout == "done\n", run.stderr
