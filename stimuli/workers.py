"""Work on many cores: those of this machine, or the workers of a Dask cluster."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, TypeVar

import joblib
from joblib.externals.loky.process_executor import TerminatedWorkerError

T = TypeVar("T")
IDLE_S = 20
"""A process without work ends after this time: those of a run that was killed give back their
memory, for the run that goes on needs it."""


@contextmanager
def workers(scheduler: str | None = None, jobs: int = 0) -> Iterator[int]:
    """Say where joblib runs what is rendered while the block runs.

    Args:
        scheduler: address of a Dask scheduler, such as tcp://head:8786. Its workers must see the
            songs and the folder of the stimuli under the same paths, and run the same Blindmix.
        jobs: processes on this machine, without a scheduler; 0 takes every core.

    Yields:
        How many tasks can run at a time.

    Raises:
        ValueError: Dask is not installed, or there are no workers.
        OSError: the scheduler does not answer.
    """
    if scheduler is None:
        yield jobs or os.cpu_count() or 1
        return
    try:
        distributed = import_module("distributed")
    except ImportError:
        raise ValueError(
            "Dask is not installed; install it with: pip install 'blindmix[dask]'"
        ) from None
    with distributed.Client(scheduler, timeout="10s") as client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise ValueError(f"the Dask scheduler at {scheduler} has no workers yet; start one")
        with joblib.parallel_config(backend="dask"):
            yield jobs or threads


def in_parallel(
    tasks: Sequence[tuple[Callable[..., T], tuple[Any, ...]]],
    jobs: int,
    on_progress: Callable[[int, int], None],
) -> Iterator[T]:
    """Do tasks, each a function and what it is given, on several cores; results in their order.

    Args:
        tasks: what to do.
        jobs: processes at work; joblib's other backends work too, inside `parallel_config`.
        on_progress: told how many tasks are done, and how many there are.

    Raises:
        OSError: a process died, as a rule for want of memory.
    """
    parallel = joblib.Parallel(
        n_jobs=min(jobs, max(len(tasks), 1)), return_as="generator", idle_worker_timeout=IDLE_S
    )
    on_progress(0, len(tasks))
    results = parallel(joblib.delayed(function)(*given) for function, given in tasks)
    try:
        with warnings.catch_warnings():
            # Said when a process has loaded a learned system: joblib starts it anew, which is
            # none of the user's business.
            warnings.filterwarnings("ignore", "A worker stopped while some jobs were given")
            for done, result in enumerate(results, start=1):
                on_progress(done, len(tasks))
                yield result
    except TerminatedWorkerError:
        raise OSError(
            "a process at work died, as a rule for want of memory; run the same command again with "
            f"fewer than {jobs} --jobs: what is done is kept"
        ) from None
