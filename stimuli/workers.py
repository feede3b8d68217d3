"""Where rendering runs: on the cores of this machine, or on the workers of a Dask cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import joblib


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
