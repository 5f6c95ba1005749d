"""What Dask costs: the same campaigns on the local pool and on a Dask cluster of this machine with as many workers.

    python benchmarks/cluster.py [--workers 2] [--scale 1.0] [BENCH ...]

The scheduler and the worker are processes of their own, started as on a cluster.  Both ways are warm when the time starts.  An
empty task carries the samples of a whole task there and does nothing with them; `scheduling` is what the campaign's tasks would
take if all were empty, over what the campaign takes.  Both must give the same bytes.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path

from montecarlo import Campaign
from montecarlo.running.cluster import cluster_executor
from montecarlo.running.executor import LocalExecutor
from spicekit import make_bench

TIMEOUT = 600.0  # s a task
EMPTY = 100  # empty tasks


@contextlib.contextmanager
def cluster(folder: Path, workers: int) -> Iterator[str]:
    """The address of a scheduler with one worker of ``workers`` threads."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    started = []

    def dask(*words: str) -> None:
        log = (folder / f"{words[0]}.log").open("wb")
        command = [sys.executable, "-m", "dask", *words, "--no-dashboard"]
        started.append(subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, cwd=folder))

    try:
        dask("scheduler", "--host", "127.0.0.1", "--port", str(port))
        wait_for(port)
        dask("worker", address, "--nthreads", str(workers), "--local-directory", str(folder))
        yield address
    finally:
        for process in started:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)


def contents(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted((folder / "trials").glob("part-*"))]


def measured(campaign: Campaign, out: Path, pool: Executor, workers: int) -> tuple[float, float]:
    """Wall time of the campaign and time of an empty task, both in seconds."""
    chunk = campaign.bench.analysis().chunk
    Campaign(campaign.bench_name, trials=workers * chunk).run(out.with_name(f"{out.name}-warm"), executor=pool)
    started = time.perf_counter()
    campaign.run(out, executor=pool)
    wall = time.perf_counter() - started
    samples = campaign.samples(0, min(chunk, campaign.trials))
    started = time.perf_counter()
    for future in [pool.submit(len, samples) for _ in range(EMPTY)]:
        future.result(TIMEOUT)
    return wall, (time.perf_counter() - started) / EMPTY


def compare(bench: str, workers: int, trials: int, address: str, scratch: Path) -> None:
    campaign = Campaign(bench, trials=trials)
    chunk = campaign.bench.analysis().chunk
    tasks = -(-trials // chunk)
    print(f"\n{bench}: {trials:,} trials in {tasks} tasks, {workers} workers, {os.cpu_count()} cores")
    print(f"{'pool':8}{'wall s':>9}{'trials/s':>11}{'an empty task':>16}{'scheduling':>12}")
    for name, opened in (("local", LocalExecutor(workers, TIMEOUT)), ("dask", cluster_executor(address, TIMEOUT))):
        with opened as pool:
            wall, empty = measured(campaign, scratch / f"{bench}-{name}", pool, workers)
        print(f"{name:8}{wall:9.1f}{trials / wall:11,.1f}{empty * 1e3:13.2f} ms{tasks * empty / wall:12.2%}", flush=True)
    same = contents(scratch / f"{bench}-local") == contents(scratch / f"{bench}-dask")
    print("the same bytes" if same else "DIFFERENT BYTES")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("benches", nargs="*", default=["sot-logic", "tbs-sense"])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the numbers of trials")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, cluster(Path(name), given.workers) as address:
        for bench in given.benches:
            transient = hasattr(make_bench(bench, {}).analysis(), "stop")
            compare(bench, given.workers, int((1000 if transient else 40_000) * given.scale), address, Path(name))


if __name__ == "__main__":
    main()
