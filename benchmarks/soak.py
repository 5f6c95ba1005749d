"""A soak: some 200 000 trials of mixed campaigns while things go wrong, and a check that nothing is lost or counted twice.

    python benchmarks/soak.py [--scale 1.0]

Each phase runs one campaign by the command line, disturbs it, and compares what is on the disk with the same campaign left
alone (byte for byte where no trial fails by itself) or with the trials that the fault was planted in.  The phases:

    killed        workers are killed with SIGKILL at random; the whole campaign is killed three times and resumed
    damaged       a part file is cut in half, another holds the wrong bytes, a half-written one lies about; the campaign resumes
    contended     a second process starts on the same folder again and again: each is turned away
    hanging       trials that never end; nonconverging ones; ones that kill their worker: each is an outcome of its own
    disk full     on a tmpfs too small for the results; enlarged, the campaign goes on
    clock         the wall clock jumps an hour ahead and back again while trials run
    memory        resident memory of campaign and workers at a quarter and at the end of a long campaign

Exit code 1 if any check fails.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from montecarlo import Campaign

FAULTS = Path(__file__).resolve().parent.parent / "tests" / "benches" / "faults.py"
CLI = [sys.executable, "-m", "spicekit.cli"]
JUMPING = """
import sys, threading, time
real, jump = time.time, [0.0]
time.time = lambda: real() + jump[0]
def leap():
    for ahead in (3600.0, 0.0) * 500:
        time.sleep(0.7)
        jump[0] = ahead
threading.Thread(target=leap, daemon=True).start()
from spicekit.cli import main
sys.argv = ["spicekit", *sys.argv[1:]]
main()
"""


@dataclass
class Soak:
    """The folder for everything, the factor on the numbers of trials, and what went wrong."""

    folder: Path
    scale: float
    trials: int = 0
    failures: int = 0

    def count(self, trials: int) -> int:
        return max(int(trials * self.scale), 500)

    def check(self, good: bool, what: str) -> None:
        print(f"  {'ok    ' if good else 'FAILED'} {what}", flush=True)
        self.failures += not good

    def command(self, bench: str, trials: int, out: Path, *more: str) -> list[str]:
        return ["mc", bench, "--trials", str(trials), "--json", "--out", str(out), *more]

    def undisturbed(self, bench: str, trials: int, *more: str) -> Path:
        out = self.folder / f"alone-{bench.rpartition(':')[2]}-{trials}"
        if not out.exists():
            subprocess.run([*CLI, *self.command(bench, trials, out, *more)], check=True, stdout=subprocess.DEVNULL)
        return out

    def same(self, out: Path, alone: Path, trials: int) -> None:
        """Every trial once, and the same bytes as without the disturbance."""
        self.trials += trials
        numbers = table(out)["trial"]
        self.check(np.array_equal(numbers, np.arange(trials)), f"every one of {trials:,} trials is there once")
        self.check(hashes(out) == hashes(alone), "the bytes are those of an undisturbed campaign")
        summary = json.loads((out / "summary.json").read_text())
        self.check(sum(summary["outcomes"].values()) == summary["outcomes"]["ok"] == trials, "every trial is ok")


def start(command: list[str], **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True, **options
    )  # type: ignore[call-overload,no-any-return]


def table(folder: Path) -> dict[str, np.ndarray]:
    parts = [pq.read_table(path) for path in sorted((folder / "trials").glob("part-*.parquet"))]
    return {name: np.concatenate([part[name].to_numpy(zero_copy_only=False) for part in parts]) for name in parts[0].column_names}


def hashes(folder: Path) -> dict[str, str]:
    files = [folder / "samples.parquet", *sorted((folder / "trials").glob("part-*.parquet"))]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def descendants(pid: int) -> list[int]:
    found, new = [], [pid]
    while new:
        process = new.pop()
        try:
            threads = Path(f"/proc/{process}/task").glob("*/children")
            children = [int(word) for thread in threads for word in thread.read_text().split()]
        except OSError:
            continue
        found += children
        new += children
    return found


def workers_of(pid: int) -> list[int]:
    """The processes that have ngspice loaded."""

    def simulates(process: int) -> bool:
        try:
            return "libngspice" in Path(f"/proc/{process}/maps").read_text()
        except OSError:
            return False

    return [process for process in descendants(pid) if simulates(process)]


def resident(pid: int) -> float:
    """Megabytes."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except (OSError, IndexError):
        return 0.0


def end(process: subprocess.Popen[str]) -> None:
    """SIGKILL for the campaign and all its processes: a machine that loses power."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def killed(soak: Soak) -> None:
    bench, trials = "sot-logic", soak.count(60_000)
    alone = soak.undisturbed(bench, trials)
    out = soak.folder / "killed"
    kills = deaths = 0
    pace = min(max(soak.scale, 0.5), 1.0)  # a short campaign is struck more often; it has to come to its trials, though
    chance = np.random.default_rng(1)
    while True:
        campaign = start([*CLI, *soak.command(bench, trials, out)])
        began = time.monotonic()
        while campaign.poll() is None:
            time.sleep(chance.uniform(0.5, 3.0) * pace)
            workers = workers_of(campaign.pid)
            if workers:
                os.kill(int(chance.choice(workers)), signal.SIGKILL)
                kills += 1
            if deaths < 3 and time.monotonic() - began > 4.0 * pace:
                end(campaign)
                deaths += 1
        if campaign.returncode != -signal.SIGKILL:
            break
    assert campaign.stderr is not None
    said = campaign.stderr.read()
    soak.check(campaign.returncode == 0, f"ended well after {kills} killed workers and {deaths} killed campaigns {said}")
    soak.same(out, alone, trials)


def damaged(soak: Soak) -> None:
    bench, trials = "sot-read", soak.count(30_000)
    alone = soak.undisturbed(bench, trials)
    out = soak.folder / "damaged"
    subprocess.run([*CLI, *soak.command(bench, trials, out)], check=True, stdout=subprocess.DEVNULL)
    parts = sorted((out / "trials").glob("part-*.parquet"))
    whole = parts[0].read_bytes()
    parts[0].write_bytes(whole[: len(whole) // 2])
    if len(parts) > 1:
        wrong = bytearray(parts[1].read_bytes())
        wrong[len(wrong) // 3] ^= 0xFF
        parts[1].write_bytes(bytes(wrong))
    (out / "trials" / ".part-000000000.parquet.tmp").write_bytes(whole[:100])
    again = subprocess.run([*CLI, *soak.command(bench, trials, out)], capture_output=True, text=True, check=False)
    soak.check(again.returncode == 0 and again.stderr.count("is damaged") == min(len(parts), 2), "each damaged part is named")
    soak.same(out, alone, trials)


def contended(soak: Soak) -> None:
    bench, trials = "sot-read", soak.count(30_000)
    alone = soak.undisturbed(bench, trials)
    out = soak.folder / "contended"
    campaign = start([*CLI, *soak.command(bench, trials, out)])
    while not (out / "samples.parquet").exists() and campaign.poll() is None:
        time.sleep(0.02)
    answers = []
    while campaign.poll() is None and len(answers) < 20:
        second = subprocess.run([*CLI, *soak.command(bench, trials, out)], capture_output=True, text=True, check=False)
        answers.append((second.returncode, "is in use by another spicekit process" in second.stderr))
    campaign.wait()
    refused = sum(answer == (2, True) for answer in answers)
    soak.check(refused >= len(answers) - 1, f"{refused} of {len(answers)} second processes were turned away")
    soak.same(out, alone, trials)


def hanging(soak: Soak) -> None:
    for name, trials, struck, outcome in (
        ("Singular", soak.count(20_000), 40, "nonconverged"),
        ("Deadly", soak.count(10_000), 8, "crashed"),
        ("Endless", soak.count(2_000), 2, "timeout"),
        ("Charging", soak.count(10_000), 12, "nonconverged"),
    ):
        bench = f"{FAULTS}:{name}"
        pick = Campaign(bench, trials=trials).samples(0, trials)["pick_1"]
        order = np.argsort(pick)[::-1]
        threshold = float(pick[order[struck - 1]] + pick[order[struck]]) / 2
        out = soak.folder / name
        more = ("-p", f"threshold={threshold!r}", "--timeout", "5")
        done = subprocess.run([*CLI, *soak.command(bench, trials, out, *more)], capture_output=True, text=True, check=False)
        found = table(out)
        soak.trials += trials
        soak.check(done.returncode == 0 and np.array_equal(found["trial"], np.arange(trials)), f"{name}: all {trials:,} trials")
        fates = {word: np.flatnonzero(found["outcome"] == word) for word in np.unique(found["outcome"])}
        right = set(fates) == {"ok", outcome} and np.array_equal(fates[outcome], np.sort(order[:struck]))
        soak.check(right, f"{name}: exactly the {struck} planted trials are {outcome}, every other is ok")


def disk_full(soak: Soak) -> None:
    bench, trials = "sot-logic", soak.count(20_000)
    alone = soak.undisturbed(bench, trials)
    small, out = soak.folder / "tmpfs", soak.folder / "disk-full"
    small.mkdir()
    command = " ".join([sys.executable, "-m", "spicekit.cli", *soak.command(bench, trials, small / "out")])
    size = sum(file.stat().st_size for file in alone.rglob("*.parquet")) // 1024
    script = (
        f"mount -t tmpfs -o size={size // 2}k tmpfs {small} || exit 77; "
        # a campaign that has begun already: before it begins, the room is looked at
        f"mkdir -p {small}/out/trials; cp {alone}/campaign.json {alone}/netlist.cir {small}/out; "
        f"{command} > /dev/null 2> {soak.folder}/full.txt; "
        f"echo $? >> {soak.folder}/full.txt; mount -o remount,size=1g {small}; {command} > /dev/null && cp -r {small}/out {out}"
    )
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script], capture_output=True, text=True, check=False
    )
    if done.returncode in (1, 77) and not (soak.folder / "full.txt").exists():
        print("  skipped: this machine lets nobody mount a tmpfs here")
        return
    said = (soak.folder / "full.txt").read_text()
    soak.check("disk full while writing" in said and said.endswith("1\n"), "a full disk is said in one line, exit code 1")
    soak.check(done.returncode == 0, "with more space the same command goes on")
    soak.same(out, alone, trials)


def clock(soak: Soak) -> None:
    bench, trials = f"{FAULTS}:Charging", soak.count(10_000)
    alone = soak.undisturbed(bench, trials)
    out = soak.folder / "clock"
    command = [sys.executable, "-c", JUMPING, *soak.command(bench, trials, out, "--timeout", "30")]
    campaign = subprocess.run(command, capture_output=True, text=True, check=False)
    soak.check(campaign.returncode == 0, "ended well while the clock jumped")
    soak.same(out, alone, trials)


def memory(soak: Soak) -> None:
    bench, trials = "sot-logic", soak.count(60_000)
    out = soak.folder / "memory"
    campaign = start([*CLI, *soak.command(bench, trials, out)])
    seen: list[tuple[int, float, float]] = []  # parts, parent, largest worker
    while campaign.poll() is None:
        parts = len(list((out / "trials").glob("part-*"))) if (out / "trials").exists() else 0
        seen.append((parts, resident(campaign.pid), max(map(resident, workers_of(campaign.pid)), default=0.0)))
        time.sleep(0.2)
    soak.same(out, soak.undisturbed(bench, trials), trials)
    total = seen[-1][0]
    early = [row for row in seen if total // 8 <= row[0] <= total // 4]
    late = [row for row in seen if row[0] >= total * 3 // 4 and row[2] > 0]
    if not early or not late:
        print("  skipped: too few trials to compare")
        return
    for column, who in ((1, "campaign"), (2, "worker")):
        before, after = max(row[column] for row in early), max(row[column] for row in late)
        soak.check(after < before * 1.1 + 10, f"{who}: {before:.0f} MB at a quarter, {after:.0f} MB at the end")


PHASES: tuple[Callable[[Soak], None], ...] = (killed, damaged, contended, hanging, disk_full, clock, memory)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the numbers of trials (default 1: some 200 000)")
    parser.add_argument(
        "--phase", choices=[phase.__name__ for phase in PHASES], action="append", help="only this one; again for more"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="spicekit-soak-") as name:
        soak = Soak(Path(name), given.scale)
        began = time.monotonic()
        for phase in PHASES:
            if given.phase is None or phase.__name__ in given.phase:
                print(f"{phase.__name__.replace('_', ' ')} ({time.monotonic() - began:.0f} s)", flush=True)
                phase(soak)
        print(f"{soak.trials:,} disturbed trials in {time.monotonic() - began:.0f} s, {soak.failures} checks failed")
    sys.exit(1 if soak.failures else 0)


if __name__ == "__main__":
    main()
