"""Work that is done beside this process, on another core: figures are saved while more are drawn.

A forked process has at hand what was drawn before, so nothing need be sent to it. Where there are
no forks, or there is only one core, the work is done at once.
"""

from __future__ import annotations

import json
import os
import traceback
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Aside:
    """Does tasks beside this process; as a context manager it ends when all of them have ended.

    Args:
        most: how many at once; by default one for each core.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = (os.cpu_count() or 1) if most is None else most
        self._running: list[tuple[int, int]] = []

    def do(self, task: Callable[[], object]) -> None:
        """Begin a task that leaves nothing but files; wait until there is room for it.

        Raises:
            OSError: a file of an earlier task could not be written.
            RuntimeError: an earlier task failed otherwise; with its traceback.
        """
        if self._most < 2 or not hasattr(os, "fork"):
            task()
            return
        while len(self._running) >= self._most:
            self._end_first()
        reading, writing = os.pipe()
        with warnings.catch_warnings():
            # Python 3.12 warns of threads. The child neither starts one nor waits for any.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            os.close(reading)
            _do_and_exit(task, writing)
        os.close(writing)
        self._running.append((pid, reading))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        failure: Exception | None = None
        while self._running:
            try:
                self._end_first()
            except Exception as first:
                failure = failure or first
        if failure is not None and error is None:
            raise failure

    def _end_first(self) -> None:
        pid, reading = self._running.pop(0)
        with os.fdopen(reading, encoding="utf-8") as told:
            message = told.read()
        _, status = os.waitpid(pid, 0)
        if message:
            code, text = json.loads(message)
            raise RuntimeError(text) if code is None else OSError(code, text)
        if status != 0:
            raise RuntimeError(f"a process that wrote files was ended (status {status})")


def _do_and_exit(task: Callable[[], object], writing: int) -> None:
    """In the child: do it, say what went wrong, and end without what ends the parent."""
    status = 1
    try:
        task()
        status = 0
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        _say(writing, error.errno or 0, f"{error.strerror or error}{where}")
    except BaseException:
        _say(writing, None, traceback.format_exc())
    finally:
        os._exit(status)


def _say(writing: int, code: int | None, text: str) -> None:
    with os.fdopen(writing, "w", encoding="utf-8") as tell:
        json.dump((code, text), tell)
