"""What a new user does, on bare systems: `make demo` and `make test` in a clone of this checkout (`make fresh`).

Each system is a debootstrap of a Debian release in a temporary folder, entered by chroot in a mount and process namespace of
its own, so that nothing is left mounted or running.  Needs root, debootstrap and unshare; what is committed is what is tried.

Printed: versions, times, how the tests ended, and how the numbers of all benches and of the demo's campaign differ from those
of the first system.  Environment:

SUITES   releases, "bookworm trixie" by default; also forky or sid
ROOTS    a folder of bootstrapped systems by their release: copied, not changed; made there if missing
KEEP     a folder to keep the tried systems in
TARGETS  "demo test" by default
"""

from __future__ import annotations

import contextlib
import functools
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
HOME = "root/spicekit"
#: the certificates that this machine trusts, under a name that no package of the new system writes
BUNDLE, COPY = Path("/etc/ssl/certs/ca-certificates.crt"), "etc/host-certificates.crt"
#: settings of this machine's pip that a network may need, and variables
SETTINGS = ("index-url", "proxy", "timeout", "retries", "trusted-host")
VARIABLES = re.compile(r"PIP_(INDEX_URL|PROXY|DEFAULT_TIMEOUT|RETRIES|TRUSTED_HOST)|(HTTPS?|NO|FTP)_PROXY|TERM", re.IGNORECASE)
MOUNTS = (
    'set -e; mount --make-rprivate /; mount -t proc proc "$0/proc"; mount --rbind /dev "$0/dev"; mount -t tmpfs tmpfs "$0/tmp"; '
    'exec chroot "$0" /bin/bash -c "$1"'
)
NUMBERS = """
import json, pathlib, platform
import spicekit
from spicekit.registry import SHIPPED
from spicekit.simulator import simulator
found = dict(python=platform.python_version(), ngspice=simulator().version)
found["nominal"] = {name: dict(spicekit.run(name).measures) for name in SHIPPED}
demo = pathlib.Path("out/sot-logic/summary.json")
found["demo"] = json.loads(demo.read_text()) if demo.is_file() else {}
print(json.dumps(found))
"""


def main() -> int:
    if os.geteuid():
        sys.exit("make fresh needs root: it bootstraps a system and enters it by chroot")
    missing = [program for program in ("debootstrap", "unshare", "chroot", "git") if not shutil.which(program)]
    if missing:
        sys.exit(f"make fresh needs {', '.join(missing)}: apt-get install debootstrap util-linux git")
    kept = os.environ.get("KEEP")
    results: dict[str, dict[str, Any]] = {}
    with contextlib.ExitStack() as stack:
        folder = Path(kept) if kept else Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="spicekit-fresh-")))
        for suite in os.environ.get("SUITES", "bookworm trixie").split():
            results[suite] = attempt(suite, folder / suite)
    return report(results)


def attempt(suite: str, root: Path) -> dict[str, Any]:
    """Everything for one release: what is printed of it, by name."""
    say(f"=== {suite}")
    begin = time.monotonic()
    bootstrap(suite, root)
    say(f"bare system: {time.monotonic() - begin:.0f} s")
    (root / HOME).parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(CHECKOUT), str(root / HOME)], check=True)
    apt = "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends make >/dev/null"
    enter(root, apt, folder="/")
    targets = {target: timed(root, target) for target in os.environ.get("TARGETS", "demo test").split()}
    result: dict[str, Any] = {"targets": targets, "good": not any(one["code"] for one in targets.values())}
    with contextlib.suppress(subprocess.CalledProcessError):  # a set-up that failed has said so
        result |= json.loads(enter(root, f".venv/bin/python -c '{NUMBERS}'").splitlines()[-1])
    return result


def bootstrap(suite: str, root: Path) -> None:
    """A bare system in ``root``, with this machine's resolver, certificates and pip configuration."""
    store = os.environ.get("ROOTS")
    base = Path(store) / suite if store else root
    if not (base / "etc" / "apt" / "sources.list").exists():
        base.mkdir(parents=True, exist_ok=True)
        script = Path("/usr/share/debootstrap/scripts")
        known = [] if (script / suite).exists() else [str(script / "sid")]
        run(["debootstrap", "--variant=minbase", suite, str(base), mirror(), *known])
    if base != root:
        if root.exists():
            sys.exit(f"{root} exists: remove it first")
        root.parent.mkdir(parents=True, exist_ok=True)
        run(["cp", "-a", "--reflink=auto", str(base), str(root)])
    shutil.copyfile("/etc/resolv.conf", root / "etc" / "resolv.conf")
    if BUNDLE.is_file():
        shutil.copyfile(BUNDLE, root / COPY)


def mirror() -> str:
    """The Debian mirror of this machine's apt, or Debian's own."""
    form = "$(SITE) $(ORIGIN)"
    with contextlib.suppress(OSError):
        listed = subprocess.run(["apt-get", "indextargets", "--format", form], capture_output=True, text=True, check=False).stdout
        for line in listed.splitlines():
            site, _, origin = line.partition(" ")
            if origin == "Debian" and "security" not in site:
                return site
    return "http://deb.debian.org/debian"


@functools.cache
def network() -> tuple[str, ...]:
    """Variables by which pip in the new system reaches what this machine's pip reaches."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    found = {}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        if name.partition(".")[2] in SETTINGS:
            found["PIP_" + name.partition(".")[2].upper().replace("-", "_")] = value.strip("'")
    found |= {name: value for name, value in os.environ.items() if VARIABLES.fullmatch(name)}
    found |= {"PIP_CERT": f"/{COPY}"} if BUNDLE.is_file() else {}
    return tuple(f"{name}={value}" for name, value in found.items())


def command_line(root: Path, command: str, folder: str = f"/{HOME}") -> list[str]:
    fixed = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8")
    clean = ["env", "-i", *fixed, *network()]
    space = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "bash", "-c", MOUNTS, str(root)]
    return [*clean, *space, f"cd {folder} && {command}"]


def enter(root: Path, command: str, folder: str = f"/{HOME}") -> str:
    """Run ``command`` in the system; returns what it printed."""
    return subprocess.run(command_line(root, command, folder), stdout=subprocess.PIPE, text=True, check=True).stdout


def timed(root: Path, target: str) -> dict[str, Any]:
    """`make TARGET`, each line with its time in front."""
    begin = time.monotonic()
    last = job = ""
    with subprocess.Popen(
        command_line(root, f"make {target} 2>&1"), stdout=subprocess.PIPE, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            last = line.strip() or last
            say(f"{time.monotonic() - begin:6.0f} s  {line.rstrip()}")
            if "spicekit mc " in line:
                job = f", main job started after {time.monotonic() - begin:.0f} s"
    seconds = time.monotonic() - begin
    return {"code": process.returncode, "text": f"{seconds:.0f} s{job}" + (f", {last}" if target == "test" else "")}


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """The numbers of a nested record, by their path; not its times."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            if not re.search(r"time|second|per_s|started|duration", key):
                yield from leaves(value, f"{path}.{key}".lstrip("."))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from leaves(value, f"{path}[{index}]")
    elif isinstance(tree, int | float) and not isinstance(tree, bool):
        yield path, float(tree)


def report(results: dict[str, dict[str, Any]]) -> int:
    say("")
    first = next(iter(results))
    for suite, result in results.items():
        say(f"{suite}: Python {result.get('python')}, ngspice {result.get('ngspice')}")
        for target, how in result["targets"].items():
            say(f"  make {target}: {'FAILED' if how['code'] else 'good'}, {how['text']}")
        if suite == first:
            continue
        one, other = (dict(leaves({name: results[key].get(name) for name in ("nominal", "demo")})) for key in (first, suite))
        far = {name: distance(one.get(name), other.get(name)) for name in one | other}
        changed = sorted((name for name in far if far[name] > 1e-6), key=lambda name: -far[name])
        say(f"  {len(far)} numbers, {len(changed)} differ from {first} by more than 1e-6 of their value")
        for name in changed[:40]:
            say(f"    {name}: {one.get(name)} on {first}, {other.get(name)} on {suite}")
    return 0 if all(result["good"] for result in results.values()) else 1


def distance(one: float | None, other: float | None) -> float:
    """Relative; infinite where only one is there."""
    if one is None or other is None:
        return math.inf
    if one == other or (math.isnan(one) and math.isnan(other)):
        return 0.0
    return abs(one - other) / max(abs(one), abs(other))


def run(command: list[str]) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    if done.returncode:
        sys.exit("\n".join([*done.stdout.splitlines()[-15:], f"failed: {' '.join(command)}"]))


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
