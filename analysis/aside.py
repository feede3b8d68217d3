"""Work that is done beside this process, on another core: figures are saved while more are drawn.

A forked process has at hand what was drawn before, so nothing need be sent to it. Where there are
no forks, or no core is free, this process does the work itself.
"""

from __future__ import annotations

import gc
import json
import os
import select
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class _Child:
    """A process, and the end of the pipe on which it tells what went wrong."""

    pid: int
    reading: int


class Aside:
    """Does tasks beside this process; as a context manager it ends when all of them have ended.

    Args:
        most: how many at once; by default one for each core but this process's own.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = (os.cpu_count() or 1) - 1 if most is None else most
        self._running: list[_Child] = []

    def do(self, task: Callable[[], object]) -> None:
        """Begin a task that leaves nothing but files, or do it here if all cores are busy.

        Raises:
            OSError: a file of this or of an earlier task could not be written.
            RuntimeError: an earlier task failed otherwise; with its traceback.
        """
        if not hasattr(os, "fork"):
            task()
            return
        for each in self._ended():
            self._end(each)
        if len(self._running) >= self._most:
            task()
            return
        reading, writing = os.pipe()
        with warnings.catch_warnings():
            # Python 3.12 warns of threads. The child neither starts one nor waits for any.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            os.close(reading)
            _do_and_exit(task, writing)
        os.close(writing)
        self._running.append(_Child(pid, reading))

    def wait(self) -> None:
        """Wait for the tasks that were begun.

        Raises:
            OSError, RuntimeError: as for `do`, of the first that failed.
        """
        failure: Exception | None = None
        while self._running:
            try:
                self._end(self._running[0])
            except (OSError, RuntimeError) as first:
                failure = failure or first
        if failure is not None:
            raise failure

    def __enter__(self) -> Self:
        # What is there now stays: neither is it searched for garbage again and again, nor do
        # the children copy it by searching.
        gc.freeze()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        gc.unfreeze()
        try:
            self.wait()
        except (OSError, RuntimeError):
            # One's own error is the first cause, and goes on.
            if error is None:
                raise

    def _ended(self) -> list[_Child]:
        """Those whose ends of the pipes are closed."""
        readings = [child.reading for child in self._running]
        closed, _, _ = select.select(readings, [], [], 0)
        return [child for child in self._running if child.reading in closed]

    def _end(self, child: _Child) -> None:
        self._running.remove(child)
        with os.fdopen(child.reading, encoding="utf-8") as told:
            message = told.read()
        _, status = os.waitpid(child.pid, 0)
        if message:
            code, text, path = json.loads(message)
            raise RuntimeError(text) if code is None else OSError(code, text, path)
        if status != 0:
            raise RuntimeError(f"a process that wrote files was ended (status {status})")


def _do_and_exit(task: Callable[[], object], writing: int) -> None:
    """In the child: do it, say what went wrong, and end without what ends the parent."""
    status = 1
    try:
        task()
        status = 0
    except OSError as error:
        _say(writing, error.errno or 0, error.strerror or str(error), error.filename)
    except BaseException:
        _say(writing, None, traceback.format_exc())
    finally:
        os._exit(status)


def _say(writing: int, code: int | None, text: str, path: object = None) -> None:
    with os.fdopen(writing, "w", encoding="utf-8") as tell:
        json.dump((code, text, path), tell, default=str)
