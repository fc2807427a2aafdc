"""Run an action in a process that is killed (-9) at one of its system calls, whichever of its threads makes it.

By Linux' ptrace (ptrace(2)), so nothing of the action is replaced. It forks, so it belongs into a script of its own,
which has no threads: what starts some, such as obstore, is called in forks alone.
"""

import ctypes
import os
import signal
import traceback
from collections.abc import Callable
from typing import Any

_TRACEME, _SYSCALL, _SETOPTIONS, _GET_SYSCALL_INFO = 0, 24, 0x4200, 0x420E
_SYSGOOD, _FORK, _VFORK, _CLONE, _EXITKILL = 0x1, 0x2, 0x4, 0x8, 0x100000
_CALL_BEGINS = 1  # PTRACE_SYSCALL_INFO_ENTRY
_ALL_THREADS = 0x40000000  # __WALL
_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


def alone(action: Callable[[], Any]) -> None:
    """Run an action in a process of its own.

    Raises:
        RuntimeError: it failed; its traceback is on stderr.
    """
    child = os.fork()
    if child == 0:
        _run(action)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise RuntimeError("an action failed")


def killed_at(number: int, action: Callable[[], Any]) -> tuple[int, bool]:
    """Run an action, and kill its process as it begins its so-manieth system call; 0: never.

    Returns:
        how many system calls it began, and whether it was killed.

    Raises:
        PermissionError: this machine lets nobody trace.
        RuntimeError: the action failed.
    """
    child = os.fork()
    if child == 0:
        if _libc.ptrace(_TRACEME, 0, None, None):
            os._exit(77)
        os.kill(os.getpid(), signal.SIGSTOP)
        _run(action)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        raise PermissionError("this machine lets no process trace another one (ptrace)")
    _libc.ptrace(_SETOPTIONS, child, None, _SYSGOOD | _FORK | _VFORK | _CLONE | _EXITKILL)
    _libc.ptrace(_SYSCALL, child, None, None)
    count, known = 0, {child}
    while True:
        thread, status = os.waitpid(-1, _ALL_THREADS)
        if not os.WIFSTOPPED(status):
            if thread == child:  # the last of its threads that is told of
                break
            continue
        passed_on = 0
        stopped_by = os.WSTOPSIG(status)
        if stopped_by == signal.SIGTRAP | 0x80:
            if _begins_a_call(thread):
                count += 1
                if count == number:
                    os.kill(child, signal.SIGKILL)
                    continue
        elif stopped_by != signal.SIGTRAP and (stopped_by != signal.SIGSTOP or thread in known):
            passed_on = stopped_by
        known.add(thread)
        _libc.ptrace(_SYSCALL, thread, None, passed_on)
    killed = os.WIFSIGNALED(status)
    if not killed and os.waitstatus_to_exitcode(status):
        raise RuntimeError("the action failed")
    return count, killed


def _begins_a_call(thread: int) -> bool:
    told = ctypes.create_string_buffer(128)
    _libc.ptrace(_GET_SYSCALL_INFO, thread, len(told), told)
    return told.raw[0] == _CALL_BEGINS


def _run(action: Callable[[], Any]) -> None:
    failed = True
    try:
        action()
        failed = False
    except Exception as error:  # noqa: BLE001 - whatever it is, the process ends here
        traceback.print_exception(error)
    finally:
        os._exit(failed)
