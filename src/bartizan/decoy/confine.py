"""What the decoy process may not do, whoever gets hold of it: a seccomp filter (seccomp(2)), by libseccomp.

No socket is made, so nothing leaves for the network: not over IPv4, IPv6, netlink, raw or packet sockets, and not to
other processes of this machine either. What it serves are connections of one Unix socket that it was handed. No program
is executed and no process made; no other process is read, written or signalled; and the ways around a filter are shut:
io_uring, 32-bit system calls (these kill), namespaces, ``clone3``, whose flags no filter can see.

Everything else is allowed: an interpreter with threads needs most of it, and the next version of a library other calls
than this one. Files are ``decoy.landlock``'s business.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
from dataclasses import dataclass

from bartizan.errors import DecoyError

__all__ = ["confine"]

LIBRARY = "libseccomp.so.2"

_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_ATTRIBUTE_TSYNC = 4
_NOT_EQUAL, _EQUAL, _MASKED_EQUAL = 1, 4, 7
_CLONE_THREAD = 0x00010000
_TYPE_MASK = 0xF  # of a socket's type, without SOCK_CLOEXEC and SOCK_NONBLOCK
_UNKNOWN = -1

_NEVER = (
    # the network, and any other socket
    "socket", "connect", "bind",
    # programs and processes
    "execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp",
    "pidfd_open", "pidfd_getfd", "pidfd_send_signal", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo",
    # ways around a filter
    "io_uring_setup", "io_uring_enter", "io_uring_register", "seccomp", "personality",
    # the machine
    "mount", "umount2", "move_mount", "fsopen", "fsmount", "open_tree", "pivot_root", "chroot", "setns", "unshare",
    "open_by_handle_at", "bpf", "perf_event_open", "userfaultfd", "add_key", "request_key", "keyctl", "init_module",
    "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff", "acct", "quotactl",
    "settimeofday", "clock_settime", "sethostname", "setdomainname", "setuid", "setgid", "setresuid", "setresgid",
)  # fmt: skip


class _Comparison(ctypes.Structure):
    """``struct scmp_arg_cmp``."""

    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )


@dataclass(frozen=True, slots=True)
class _Rule:
    """A system call that is refused with ``error``: always, or where a comparison holds."""

    call: str
    error: int = errno.EPERM
    when: tuple[int, int, int, int] | None = None
    """Number of the argument, operator, and what it is compared with."""


def confine() -> None:
    """Put the filter on all threads of this process, for good. Raises ``DecoyError`` if that cannot be done."""
    try:
        library = ctypes.CDLL(LIBRARY, use_errno=True)
    except OSError as error:
        raise DecoyError(f"the decoy process cannot be confined: {error}; install libseccomp2") from None
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_release.restype = None
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_ALLOW)))
    if not context:
        raise DecoyError("the decoy process cannot be confined: libseccomp makes no filter for this architecture")
    try:
        _check(library.seccomp_attr_set(context, _ATTRIBUTE_TSYNC, ctypes.c_uint32(1)), "its threads cannot be reached")
        for rule in _rules(os.getpid()):
            _add(library, context, rule)
        _check(library.seccomp_load(context), "the kernel takes no filter")
    finally:
        library.seccomp_release(context)


def _rules(pid: int) -> list[_Rule]:
    """Return what is refused to the process ``pid``."""
    stream = int(socket.SOCK_STREAM)
    return [
        *(_Rule(call) for call in _NEVER),
        _Rule("clone3", errno.ENOSYS),  # the C library then takes clone
        _Rule("clone", when=(0, _MASKED_EQUAL, _CLONE_THREAD, 0)),
        # event loops wake themselves by a pair of streams; a datagram could be sent to any Unix socket
        _Rule("socketpair", when=(0, _NOT_EQUAL, int(socket.AF_UNIX), 0)),
        *(_Rule("socketpair", when=(1, _MASKED_EQUAL, _TYPE_MASK, kind)) for kind in range(16) if kind != stream),
        _Rule("kill", when=(0, _NOT_EQUAL, pid, 0)),
        _Rule("tgkill", when=(0, _NOT_EQUAL, pid, 0)),
    ]


def _add(library: ctypes.CDLL, context: ctypes.c_void_p, rule: _Rule) -> None:
    number = library.seccomp_syscall_resolve_name(rule.call.encode("ascii"))
    if number == _UNKNOWN:
        raise DecoyError(f"the decoy process cannot be confined: libseccomp does not know {rule.call}; upgrade it")
    comparisons = () if rule.when is None else (_Comparison(*rule.when),)
    array = (_Comparison * max(1, len(comparisons)))(*comparisons)
    added = library.seccomp_rule_add_array(
        context, ctypes.c_uint32(_ERRNO | rule.error), number, len(comparisons), array
    )
    _check(added, f"no rule can be made for {rule.call}")


def _check(result: int, what: str) -> None:
    if result != 0:
        reason = os.strerror(-result)
        raise DecoyError(f"the decoy process cannot be confined: {what} ({reason}); divert needs seccomp")
