"""Processes that wrote something, and whether they still run."""

import os
import socket


def this_process() -> str:
    """Return what names this process on all machines: host, number and start."""
    import psutil

    return f"{socket.gethostname()} {os.getpid()} {psutil.Process().create_time():.2f}"


def is_gone(process: str) -> bool:
    """Tell whether a process, as :func:`this_process` names it, is surely dead; one on another host may not be."""
    import psutil

    try:
        host, pid, created = process.rsplit(" ", 2)
        number, start = int(pid), float(created)
    except ValueError:
        return False
    if host != socket.gethostname():
        return False
    try:
        return abs(psutil.Process(number).create_time() - start) > 1
    except psutil.NoSuchProcess:
        return True
