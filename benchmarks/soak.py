"""A soak: some 500 000 trials of mixed campaigns while things go wrong, and a check that nothing is lost or counted twice.

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
    inputs        a device card, a library and a bench of the user's own are edited while a campaign or a sweep reads them
    code          the packages are altered, with the same version: for the resume, for later workers, for a Dask worker
    elsewhere     killed, resumed and replayed from other folders, with a relative path and another card of that name there
    swapped       parts and samples of another seed, a part under another's name, copied parts, one too many
    unopened      parts that cannot be opened: a link in a circle, a folder, too few file descriptors

Exit code 1 if any check fails.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import signal
import socket
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
from spicekit.technology import load_technology

REPOSITORY = Path(__file__).resolve().parent.parent
FAULTS = REPOSITORY / "tests" / "benches" / "faults.py"
CHUNKED = 8000  # fewest trials of a phase that strikes between two chunks of 2000
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
        out = self.folder / f"alone-{bench.rpartition(':')[2]}-{trials}{hash(more) if more else ''}"
        if not out.exists():
            subprocess.run([*CLI, *self.command(bench, trials, out, *more)], check=True, stdout=subprocess.DEVNULL)
        return out

    def answers(self, what: str, command: list[str], code: int, *lines: str, **options: object) -> None:
        """``command`` ends with the exit code and says ``lines`` (a part of each), nothing else."""
        done = subprocess.run([*CLI, *command], capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
        self.said(what, done.returncode, done.stderr, code, *lines)

    def said(self, what: str, returned: int, stderr: str, code: int, *lines: str) -> None:
        found = stderr.splitlines()
        good = returned == code and len(found) == len(lines) and all(map(str.__contains__, found, lines))
        self.check(good, what if good else f"{what}: exit code {returned}: {stderr}")

    def struck(self, what: str, command: list[str], out: Path, fault: Callable[[], object], line: str, **options: object) -> None:
        """``command`` ends with exit code 1 and ``line`` (a part of it) if ``fault`` happens after its first part."""
        campaign = start([*CLI, *command], **options)
        until_part(campaign, out)
        fault()
        _, stderr = campaign.communicate()
        self.said(what, campaign.returncode, stderr, 1, line)

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


def until_part(process: subprocess.Popen[str], out: Path) -> None:
    """Wait for the first chunk that is written."""
    while not any(out.rglob("part-*.parquet")) and process.poll() is None:
        time.sleep(0.01)


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
    landed = 0
    while True:
        campaign = start([*CLI, *soak.command(bench, trials, out)])
        began = time.monotonic()
        while campaign.poll() is None:
            time.sleep(chance.uniform(0.5, 3.0) * pace)
            parts = len(list((out / "trials").glob("part-*.parquet")))
            if parts == landed:  # struck too often for this machine to get on
                pace *= 1.25
            landed = parts
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


def replaced(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def inputs(soak: Soak) -> None:
    folder, trials = soak.folder / "inputs", max(soak.count(20_000), CHUNKED)
    folder.mkdir()
    card = Path(shutil.copy(REPOSITORY / "models" / "mtj" / "stt-bnn-65nm.toml", folder / "card.toml"))
    _edited(soak, card, lambda: replaced(card, "60", "80"), "stt-read", trials, "-p", f"device={card}")
    bench = Path(shutil.copytree(FAULTS.parent, folder / "benches")) / FAULTS.name
    replaced(bench, 'return {"v_out": waves("v(out)")}', 'time.sleep(0.1)\n        return {"v_out": waves("v(out)")}')
    _edited(soak, bench, lambda: replaced(bench, '"v_out": waves', '"v_out": 1000 * waves'), f"{bench}:Divider", trials)

    library, process = folder / "models.lib", folder / "mine.toml"
    library.write_text(load_technology("ptm45").cards("tt") + "\n")
    head, _, _ = (REPOSITORY / "models" / "cmos" / "ptm45.toml").read_text().partition("\n[corners")
    process.write_text(head + '\n[corners.tt]\nfile = "models.lib"\n')
    alone, out = folder / "alone", folder / "sweep"
    sweep = [
        "sweep",
        "sot-read",
        "--over",
        "tmr=1,1.5,2",
        "--trials",
        str(trials),
        "-p",
        f"technology={process}",
        "--json",
        "--out",
    ]
    before = library.read_bytes()
    soak.answers("a sweep with a library of the user's own", [*sweep, str(alone)], 0)
    soak.struck(
        "the library edited while the sweep runs ends it", [*sweep, str(out)], out,
        lambda: replaced(library, "vsat=170000", "vsat=100000"), "changed",
    )  # fmt: skip
    soak.answers("the sweep is not resumed with another library", [*sweep, str(out)], 2, "'inputs'")
    library.write_bytes(before)
    soak.answers("with the library put back it goes on", [*sweep, str(out)], 0)
    soak.trials += 3 * trials
    found = [{path.relative_to(place): path.read_bytes() for path in place.rglob("*.parquet")} for place in (out, alone)]
    soak.check(found[0] == found[1], "the bytes of all points and of the table are those of an undisturbed sweep")


def _edited(soak: Soak, file: Path, edit: Callable[[], None], bench: str, trials: int, *more: str) -> None:
    """``file`` edited while the campaign runs, and put back."""
    alone, out = soak.undisturbed(bench, trials, *more), file.parent / f"{file.stem}-out"
    command, before = soak.command(bench, trials, out, *more), file.read_bytes()
    soak.struck(f"{file.name} edited while the campaign runs ends it", command, out, edit, f"{file.name} has changed (SHA-256 ")
    soak.answers(f"not resumed with another {file.name}", command, 2, "holds another campaign: 'inputs' differs")
    soak.answers("nor replayed", ["replay", str(out), "--trial", "1"], 2, f"{file.name} has changed")
    file.write_bytes(before)
    soak.answers("with the file put back it goes on", command, 0)
    soak.same(out, alone, trials)


def code(soak: Soak) -> None:
    folder, bench, trials = soak.folder / "code", "sot-read", max(soak.count(20_000), CHUNKED)
    folder.mkdir()
    for name in ("spicekit", "montecarlo", "models", "netlists"):
        shutil.copytree(REPOSITORY / name, folder / "copy" / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "spicekit_imc.py", folder / "copy")
    worker, alone = folder / "copy" / "montecarlo" / "running" / "worker.py", soak.undisturbed(bench, trials)
    before = worker.read_bytes()
    there: dict[str, object] = {
        "cwd": folder,
        "env": {**os.environ, "PYTHONPATH": str(folder / "copy"), "PYTHONDONTWRITEBYTECODE": "1"},
    }

    def alter() -> None:
        replaced(worker, "columns[name].append(values)", "columns[name].append(2 * values)")

    out = folder / "resumed"
    campaign = start([*CLI, *soak.command(bench, trials, out)], **there)
    until_part(campaign, out)
    end(campaign)
    alter()
    refusal = "holds another campaign: 'code_sha256' differs"
    soak.answers("a killed campaign is not resumed by altered packages", soak.command(bench, trials, out), 2, refusal, **there)
    soak.answers("those that began it go on", soak.command(bench, trials, out), 0)
    soak.same(out, alone, trials)

    worker.write_bytes(before)
    out = folder / "struck"
    campaign = start([*CLI, *soak.command(bench, trials, out)], **there)
    until_part(campaign, out)
    alter()
    for process in workers_of(campaign.pid):
        os.kill(process, signal.SIGKILL)
    _, stderr = campaign.communicate()
    soak.said(
        "workers that start after the packages were altered are refused", campaign.returncode, stderr, 1, "code of spicekit has"
    )
    soak.answers("the campaign goes on", soak.command(bench, trials, out), 0)
    soak.same(out, alone, trials)

    try:
        from distributed import Client
    except ImportError:
        print("  skipped: no Dask here")
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    address, out = f"tcp://127.0.0.1:{port}", folder / "dask"
    dask = [sys.executable, "-P", "-m", "dask"]
    more = ("--nthreads", "1", "--no-dashboard", "--local-directory", str(folder))
    with (folder / "dask.log").open("w") as log:
        started = [
            subprocess.Popen([*dask, *words], stdout=log, stderr=log, start_new_session=True, **options)  # type: ignore[call-overload]
            for words, options in (
                (("scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"), {"cwd": folder}),
                (("worker", address, *more), {"cwd": folder}),
                (("worker", address, *more), there),
            )
        ]
    try:
        with Client(address, timeout="60s") as client:
            client.wait_for_workers(2, timeout=60)
        refusal = "a Dask worker has spicekit "
        soak.answers(
            "a Dask worker with altered packages is refused", [*soak.command(bench, trials, out), "--dask", address], 1, refusal
        )
    finally:
        for process in started:
            end(process)
    soak.answers("without it the campaign goes on", soak.command(bench, trials, out), 0)
    soak.same(out, alone, trials)


def elsewhere(soak: Soak) -> None:
    folder, trials = soak.folder / "elsewhere", max(soak.count(20_000), CHUNKED)
    here, there = folder / "here", folder / "there"
    for place, diameter in ((here, "60"), (there, "80")):
        place.mkdir(parents=True)
        shutil.copy(REPOSITORY / "models" / "mtj" / "stt-bnn-65nm.toml", place / "card.toml")
        replaced(place / "card.toml", "60", diameter)
    alone, out = soak.undisturbed("stt-read", trials, "-p", f"device={here / 'card.toml'}"), folder / "out"

    def command(card: str) -> list[str]:
        return soak.command("stt-read", trials, out, "-p", f"device={card}")

    campaign = start([*CLI, *command("card.toml")], cwd=here)
    until_part(campaign, out)
    end(campaign)
    refusal = "holds another campaign: 'given' differs"
    soak.answers("another folder's card of the same name is not taken for it", command("card.toml"), 2, refusal, cwd=there)
    soak.answers("its path from there goes on", command("../here/card.toml"), 0, cwd=there)
    soak.same(out, alone, trials)
    replays = [
        subprocess.run(
            [*CLI, "replay", str(out), "--trial", "7", "--json"], capture_output=True, text=True, check=False, cwd=place
        )
        for place in (here, there)
    ]
    measured = [json.loads(done.stdout)["measures"]["r_p"]["value"] for done in replays if done.returncode == 0]
    right = len(measured) == 2 and measured[0] == measured[1] and abs(measured[0] / table(out)["r_p"][7] - 1) < 1e-6
    soak.check(right, "a trial replayed from either folder is that of the campaign")


def swapped(soak: Soak) -> None:
    bench, trials = "sot-read", max(soak.count(20_000), CHUNKED)
    alone, other = soak.undisturbed(bench, trials), soak.undisturbed(bench, trials, "--seed", "2")
    out = Path(shutil.copytree(alone, soak.folder / "swapped"))
    parts, command = out / "trials", soak.command(bench, trials, out)
    names = sorted(path.name for path in parts.iterdir())
    shutil.copy(other / "trials" / names[0], parts / names[0])
    shutil.copy(parts / names[1], parts / names[2])
    shutil.copy(parts / names[1], parts / "part-1.parquet")
    shutil.copy(parts / names[1], parts / f"part-{trials:09d}.parquet")
    lines = (
        "part-1.parquet is no part of this campaign; it is left alone",
        f"{names[0]} is damaged (it belongs to another campaign)",
        f"{names[2]} is damaged (its trials are not those of its name)",
        f"part-{trials:09d}.parquet is damaged (its trials are not those of its name)",
    )
    soak.answers("each part that does not belong is named", command, 0, *lines)
    kept = {path.name.removesuffix(".0") for path in (out / "quarantine").iterdir()}
    soak.check(kept == {names[0], names[2], f"part-{trials:09d}.parquet"}, "they are kept in quarantine/")
    (parts / "part-1.parquet").unlink()
    soak.same(out, alone, trials)
    shutil.copy(other / "samples.parquet", out)
    (parts / names[1]).unlink()
    soak.answers(
        "samples of another seed are refused", command, 1, "samples.parquet cannot be used (it belongs to another campaign)"
    )
    (out / "samples.parquet").unlink()
    soak.answers("without them the same samples are drawn", command, 0)
    soak.same(out, alone, trials)
    shutil.copy(other / "campaign.json", out)
    soak.answers("the record of another seed is refused", command, 2, "holds another campaign: 'seed' differs")


def unopened(soak: Soak) -> None:
    bench, trials = "sot-read", max(soak.count(20_000), CHUNKED)
    alone = soak.undisturbed(bench, trials)
    out = Path(shutil.copytree(alone, soak.folder / "unopened"))
    command, part = soak.command(bench, trials, out), min((out / "trials").iterdir())
    kept = part.rename(out / "kept")
    for what, put, remove in (
        ("a link in a circle", lambda: part.symlink_to(part), part.unlink),
        ("a folder", part.mkdir, part.rmdir),
        ("a link to nothing", lambda: part.symlink_to("nowhere"), part.unlink),
    ):
        put()
        soak.answers(f"{what} for a part: refused", command, 1, f"{part.name} cannot be read: ")
        soak.check(os.path.lexists(part) and not (out / "quarantine").exists(), "it is left where it is")
        remove()
    kept.rename(part)
    before, ends, last = hashes(out), [], max((out / "trials").iterdir())
    for limit in (6, 8, 16, 32, 256):
        last.unlink()
        words = ["sh", "-c", f'ulimit -n {limit}; exec "$@"', "sh", *CLI, *command]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        ends.append(done.returncode)
        if done.returncode:
            shutil.copy(alone / "trials" / last.name, last)
        good = hashes(out) == before and not (out / "quarantine").exists() and "Traceback" not in done.stderr
        soak.check(good, f"{limit} file descriptors: exit code {done.returncode}, no part touched" if good else done.stderr)
    soak.check(0 in ends and set(ends) <= {0, 1}, "with too few the command ends with 1, with enough it is done")
    soak.same(out, alone, trials)


PHASES: tuple[Callable[[Soak], None], ...] = (
    killed, damaged, contended, hanging, disk_full, clock, memory, inputs, code, elsewhere, swapped, unopened,
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the numbers of trials (default 1: some 500 000)")
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
