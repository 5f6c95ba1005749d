"""Campaigns on a Dask scheduler and its workers, started as users start them: the bits are those of one machine."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from montecarlo import Campaign
from montecarlo.running.cluster import cluster_executor
from spicekit.errors import UserError

pytest.importorskip("distributed")

Faulty = Callable[..., tuple[Campaign, NDArray[np.int64]]]
Read = Callable[[Path], pd.DataFrame]
Cli = Callable[..., subprocess.CompletedProcess[str]]
Complaint = Callable[[subprocess.CompletedProcess[str], int], str]
Fingerprint = Callable[[Path], dict[str, str]]


class Cluster:
    """A scheduler in a process of its own; workers join and leave."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.scheduler = self.start("scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError("the scheduler did not start")

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{len(self.processes)}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *words],
            stdout=log, stderr=log, start_new_session=True, cwd=self.folder,
            env={**os.environ, "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "5s"},
        )  # fmt: skip
        self.processes.append(process)
        return process

    def worker(self) -> subprocess.Popen[bytes]:
        return self.start("worker", self.address, "--nthreads", "1", "--no-dashboard", "--local-directory", str(self.folder))

    def stop(self) -> None:
        for process in self.processes:
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """As a machine that loses power: the process and all its children."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    folder = tmp_path / "dask"
    folder.mkdir()
    made = Cluster(folder)
    yield made
    made.stop()


def parts(folder: Path) -> int:
    return len(list((folder / "trials").glob("part-*")))


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def test_same_bits_with_a_late_worker_and_a_killed_one(
    tmp_path: Path, cluster: Cluster, cli_command: list[str], fingerprint: Fingerprint, trials_table: Read
) -> None:
    """The campaign starts without any worker; one joins; when it has done something a second one; then the first is killed."""
    out = tmp_path / "out"
    command = [*cli_command, "mc", "sot-logic", "--trials", "12000", "--json", "--dask", cluster.address, "--out", str(out)]
    campaign = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    time.sleep(3)  # it waits: the nominal trial, with which it begins, needs a worker too
    assert campaign.poll() is None
    assert not out.exists()
    first = cluster.worker()
    wait_until(lambda: parts(out) >= 1)
    cluster.worker()
    kill(first)
    killed_after = parts(out)
    _, stderr = campaign.communicate(timeout=120)
    assert (campaign.returncode, stderr) == (0, "")
    assert killed_after < 6
    assert len(trials_table(out)) == 12000
    Campaign("sot-logic", trials=12000).run(tmp_path / "local")
    assert fingerprint(out) == fingerprint(tmp_path / "local")


def test_a_lost_scheduler_leaves_a_campaign_that_resumes(
    tmp_path: Path, cluster: Cluster, cli_command: list[str], user_benches: Path, fingerprint: Fingerprint
) -> None:
    bench = f"{user_benches / 'faults.py'}:Charging"
    out = tmp_path / "out"
    cluster.worker()
    options = ["mc", bench, "--trials", "3000", "--json", "--out", str(out)]
    command = [*cli_command, *options, "--dask", cluster.address]
    campaign = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: parts(out) >= 2)
    kill(cluster.scheduler)
    stdout, stderr = campaign.communicate(timeout=120)
    assert campaign.returncode == 1
    assert stdout == ""
    ours = [line for line in stderr.splitlines() if line.startswith("spicekit: ")]
    assert ours == [
        f"spicekit: the Dask scheduler {cluster.address} was lost; the finished trials are kept: "
        "the same command goes on from there"
    ]
    assert "Traceback" not in stderr
    assert 2 <= parts(out) < 60
    done = subprocess.run([*cli_command, *options], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    Campaign(bench, trials=3000).run(tmp_path / "local")
    assert fingerprint(out) == fingerprint(tmp_path / "local")


def test_trials_that_hang_or_kill_their_process(tmp_path: Path, cluster: Cluster, faulty: Faulty, trials_table: Read) -> None:
    """They end as on one machine, and the Dask workers live on."""
    worker = cluster.worker()
    for name, outcome, trials in (("Deadly", "crashed", 600), ("Endless", "timeout", 8)):
        campaign, struck = faulty(name, trials=trials, struck=1)
        with cluster_executor(cluster.address, timeout=5.0) as executor:
            summary = campaign.run(tmp_path / name, executor=executor).summary
        table = trials_table(tmp_path / name)
        assert np.flatnonzero(table["outcome"] == outcome).tolist() == struck.tolist()
        assert summary["outcomes"]["ok"] == trials - 1
    assert worker.poll() is None


SBATCH = """#!/bin/sh
# what Slurm would do with a job script, on this machine and at once
cp "$1" "{folder}/job.sh"
setsid sh "{folder}/job.sh" > "{folder}/job.log" 2>&1 &
echo $! > "{folder}/job.pid"
echo "Submitted batch job 4711"
"""


def test_slurm(tmp_path: Path, cli: Cli, fingerprint: Fingerprint) -> None:
    """dask-jobqueue writes a job script and submits it with `sbatch`; this one runs it on the spot."""
    pytest.importorskip("dask_jobqueue")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in (("sbatch", SBATCH.format(folder=tmp_path)), ("scancel", "#!/bin/sh\nexit 0\n")):
        (programs / name).write_text(text)
        (programs / name).chmod(stat.S_IRWXU)
    queue = tmp_path / "queue.yaml"
    queue.write_text(
        f"cores: 1\nprocesses: 1\nmemory: 1GB\nwalltime: '00:10:00'\ninterface: lo\npython: {sys.executable}\n"
        f"local_directory: {tmp_path}\njobs: 1\n"
    )
    environment = {"PATH": f"{programs}:{os.environ['PATH']}"}
    try:
        out = tmp_path / "out"
        done = cli("mc", "sot-read", "--trials", 4000, "--json", "--dask", f"slurm:{queue}", "--out", out, env=environment)
        assert done.returncode == 0, done.stderr
        assert "#SBATCH" in (tmp_path / "job.sh").read_text()
    finally:
        if (tmp_path / "job.pid").exists():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(int((tmp_path / "job.pid").read_text()), signal.SIGKILL)
    Campaign("sot-read", trials=4000).run(tmp_path / "local")
    assert fingerprint(tmp_path / "out") == fingerprint(tmp_path / "local")


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("somewhere", "give a scheduler's address (tcp://HOST:PORT) or {slurm, "),
        ("tcp://127.0.0.1:8786; rm x", "give a scheduler's address"),
        ("file:///etc/passwd", "give a scheduler's address"),
        ("inproc://192.168.0.1/1/1", "give a scheduler's address"),
        ("tcp://127.0.0.1:9", "no scheduler answers there"),
        ("slurm:absent.yaml", "--dask slurm:absent.yaml: cannot be read: No such file or directory"),
    ],
)
def test_a_wrong_address(where: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("montecarlo.running.cluster.CONNECT", 1.0)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as caught, cluster_executor(where, 10):
        pass
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cores: [", "not YAML"),
        pytest.param("cores: " + "[" * 10_000 + "]" * 10_000, "not YAML: lists in lists without end", id="deep"),
        pytest.param("cores: " + "9" * 100_000, "not YAML: Exceeds the limit", id="digits"),
        ("- cores", "give 'key: value' lines"),
        ("cores: 1\nmemory: 1GB\njobs: 0", "jobs: 0 given; allowed: a whole number from 1"),
        ("cores: 1\nmemory: 1GB\ncolour: red", "unknown key 'colour'"),
        ("cores: 1\nmemory: 1GB\nwalltim: '1'", "unknown key 'walltim'; did you mean walltime?"),
        ("cores: 1\nmemory: 1GB\ncores: 2", "not YAML: key 'cores' stands more than once"),
        ("cores: 1\nscheduler_options: {port: 1, port: 2}", "not YAML: key 'port' stands more than once"),
        ("memory: 1GB", "cores"),
        ("!!python/object/apply:os.system ['touch owned']", "not YAML"),
    ],
)
def test_a_wrong_queue_file(text: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dask_jobqueue")
    monkeypatch.chdir(tmp_path)
    programs(tmp_path, monkeypatch, "sbatch", "scancel")
    Path("queue.yaml").write_text(text)
    with pytest.raises(UserError) as caught, cluster_executor("slurm:queue.yaml", 10):
        pass
    assert str(caught.value).startswith("--dask slurm:queue.yaml: ")
    assert says in str(caught.value)
    assert not Path("owned").exists()


def programs(folder: Path, monkeypatch: pytest.MonkeyPatch, *names: str, text: str = "#!/bin/sh\nexit 1\n") -> None:
    """Let these be the only programs of a queue on this machine."""
    (folder / "bin").mkdir()
    for name in names:
        (folder / "bin" / name).write_text(text)
        (folder / "bin" / name).chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:/usr/bin:/bin")


@pytest.mark.parametrize(
    ("kind", "has", "lacks"),
    [
        ("slurm", (), "sbatch"),
        ("slurm", ("sbatch",), "scancel"),
        ("pbs", (), "qsub"),
        ("sge", ("qsub",), "qdel"),
        ("lsf", (), "bsub"),
        ("oar", (), "oarsub"),
        ("htcondor", (), "condor_submit"),
        ("moab", (), "msub"),
    ],
)
def test_a_queue_that_is_not_installed(
    kind: str, has: tuple[str, ...], lacks: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dask said so in its log, and waited for workers for ever."""
    pytest.importorskip("dask_jobqueue")
    monkeypatch.chdir(tmp_path)
    programs(tmp_path, monkeypatch, *has)
    Path("q.yaml").write_text("cores: 1\nmemory: 1GB\n")
    with pytest.raises(UserError) as caught, cluster_executor(f"{kind}:q.yaml", 10):
        pass
    assert str(caught.value) == f"--dask {kind}:q.yaml: '{lacks}' is not installed on this machine, or not in PATH"


def test_a_queue_that_refuses_the_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dask_jobqueue")
    monkeypatch.chdir(tmp_path)
    programs(tmp_path, monkeypatch, "sbatch", "scancel", text="#!/bin/sh\necho 'invalid partition: shrt' >&2\nexit 1\n")
    Path("q.yaml").write_text("cores: 1\nmemory: 1GB\ninterface: lo\nqueue: shrt\njobs: 2\n")
    with pytest.raises(UserError) as caught, cluster_executor("slurm:q.yaml", 10):
        pass
    assert str(caught.value) == "--dask slurm:q.yaml: sbatch refuses the job: invalid partition: shrt"


def test_workers_of_this_machine_and_of_dask(cli: Cli, complaint: Complaint, tmp_path: Path) -> None:
    line = complaint(
        cli("mc", "sot-read", "--trials", 5, "--workers", 2, "--dask", "tcp://127.0.0.1:9", "--out", tmp_path / "x"), 2
    )
    assert line == "--workers 2: those of --dask are started there; give one of the two options"
    assert not (tmp_path / "x").exists()
