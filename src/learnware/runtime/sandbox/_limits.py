"""What a learnware may use."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """What a learnware's processes may use together.

    Attributes
    ----------
    seconds : float, default=60
        Wall time for loading the model, and for each call.
    cpu_seconds : float or None, default=None
        Processor time for loading and for each call, all processes and threads together; `seconds` on all processors
        if None.
    memory_bytes : int, default=4 GiB
        Memory of all processes.
    processes : int, default=128
        Processes and threads.
    open_files : int, default=1024
        Open files of a process.
    scratch_bytes : int, default=1 GiB
        What may be written, all in the scratch folder.
    output_bytes : int, default=1 GiB
        Size of one answer.
    printed_bytes : int, default=64 MiB
        What may be printed while loading, and in each call.
    """

    seconds: float = 60.0
    cpu_seconds: float | None = None
    memory_bytes: int = 4 << 30
    processes: int = 128
    open_files: int = 1024
    scratch_bytes: int = 1 << 30
    output_bytes: int = 1 << 30
    printed_bytes: int = 64 << 20
