"""The service's processes on this machine and their memory, for /metrics (Linux alone)."""

import os
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from batches.metrics.figures import PREFIX
from smsconsolidator import __version__
from smsconsolidator.env import BASE_DIR

PAGE = os.sysconf("SC_PAGE_SIZE")  # bytes
ROLES = ("web", "worker", "sweeper")
# A word of the command line, and what it does.
WORDS = {b"smsconsolidator.web": "web", b"qnode": "worker"}
SWEEPS = b"Q_CLUSTER_NAME=sweep"


def resident() -> dict[str, list[int]]:
    """Bytes of memory of each process of this folder's service, by role; what other users run cannot be seen.

    Pages that several processes share count in each.
    """
    found: dict[str, list[int]] = {role: [] for role in ROLES}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            role = _role(folder)
            if role:
                found[role].append(int((folder / "statm").read_text().split()[1]) * PAGE)
        except (OSError, ValueError, IndexError):
            continue  # it has ended, or is somebody else's
    return found


def _role(process: Path) -> str:
    """What a process does, by its command and, for a node, by the queue in its environment; empty: not ours."""
    command = (process / "cmdline").read_bytes().split(b"\0")
    kind = next((kind for word, kind in WORDS.items() if word in command), "")
    if not kind or Path(os.readlink(process / "cwd")) != BASE_DIR:
        return ""
    if kind == "worker" and SWEEPS in (process / "environ").read_bytes().split(b"\0"):
        return "sweeper"
    return kind


class ProcessesCollector(Collector):
    """How many processes run here, and what they take together."""

    def collect(self) -> Iterator[Metric]:
        build = GaugeMetricFamily(
            f"{PREFIX}build_info", "The release that answers; always 1.", labels=["version"]
        )
        build.add_metric([__version__], 1)
        yield build
        number = GaugeMetricFamily(
            f"{PREFIX}processes", "Processes of the service on this machine.", labels=["role"]
        )
        memory = GaugeMetricFamily(
            f"{PREFIX}resident_memory_bytes",
            "Their resident memory; what they share counts in each.",
            labels=["role"],
        )
        for role, sizes in resident().items():
            number.add_metric([role], len(sizes))
            memory.add_metric([role], sum(sizes))
        yield number
        yield memory
