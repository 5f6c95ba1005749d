"""Install the extra ``compare``: the independent tools that tests and benchmarks compare with.

A tool that has no wheel for this Python and cannot be built for it is left out, and that is said: its tests are then skipped,
with the reason.  Anything else that goes wrong, such as a network that is down, ends this with pip's words.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import requires

from packaging.requirements import Requirement

OPTIONS = ("--disable-pip-version-check", "--quiet", "--prefer-binary", "--no-compile")
NO_WHEEL = (
    "No matching distribution found",
    "subprocess-exited-with-error",
    "Failed building wheel",
    "metadata-generation-failed",
)
NO_NETWORK = ("Retrying", "Could not fetch URL", "connection broken")


def main() -> None:
    python = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    wanted = [f"{one.name}{one.specifier}" for one in map(Requirement, requires("spicekit-imc") or ()) if compared(one)]
    print(f"  {', '.join(wanted)}", flush=True)
    if not install(*wanted):  # one by one finds out which it is
        for one in wanted:
            if not install(one):
                print(
                    f"  SKIPPED {one}, with its tests: there is no wheel of it for {python}, and it cannot be built", flush=True
                )


def compared(one: Requirement) -> bool:
    """Whether ``one`` is of the extra, and for this Python."""
    return bool(one.marker and one.marker.evaluate({"extra": "compare"}) and not one.marker.evaluate({"extra": ""}))


def install(*wanted: str) -> bool:
    """Whether all that is ``wanted`` is there for this Python; ends the program where that cannot be known."""
    command = [sys.executable, "-m", "pip", "install", *OPTIONS, *wanted]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode and (not any(word in done.stderr for word in NO_WHEEL) or any(word in done.stderr for word in NO_NETWORK)):
        sys.exit(done.stderr)
    return done.returncode == 0


if __name__ == "__main__":
    main()
