"""Looking into a running node (`manage.py qnode`) from outside, and taking its processes away."""

import os
import signal
from contextlib import suppress

import psutil  # type: ignore[import-untyped]

from tests.system.service import Service, wait_until

WORKERS = 2
# A node's settings with which little is waited for.
SHORT = {
    "WORKERS": WORKERS,
    "CONSOLIDATION_WINDOW": 1,
    "OPENAI_API_KEY": "",
    # Where all begins anew at once on a slow machine, an answer may take seconds: none of them may become unknown.
    "SMS_TIMEOUT": 6,
    "TEST_TASK_TIMEOUT": 12,
    "BATCH_LEASE_SECONDS": 13,
}
# A liveness bound, not a measurement: a node is whole again after one or two seconds on an idle machine.
SOON = 15
WHOLE = WORKERS + 2  # what a sentinel starts: workers, monitor, pusher, in this order


class Cluster:
    """One queue's node below the supervisor; `fresh()` makes sure that it is as it was started."""

    def __init__(self, service: Service, queue: str = "") -> None:
        self.service, self.queue = service, queue

    @property
    def main(self) -> psutil.Process:
        """The process that the supervisor has started. Raises AssertionError while there is none."""
        below = psutil.Process(self.service.processes["supervise"].pid).children(recursive=True)
        for process in sorted(below, key=_age):
            if self._is_ours(process):
                return process
        raise AssertionError("there is no such node")

    @property
    def sentinel(self) -> psutil.Process:
        [sentinel] = self.main.children()
        return sentinel

    @property
    def children(self) -> list[psutil.Process]:
        """What the sentinel has started, in that order."""
        return sorted(self.sentinel.children(), key=_age)

    def everybody(self) -> list[psutil.Process]:
        return [self.main, *self.main.children(recursive=True)]

    def is_whole(self) -> bool:
        """Whether every process of it is there, and working or waiting for work."""
        try:
            return len(self.children) == WHOLE and all(one.status() != "zombie" for one in self.everybody())
        except (AssertionError, ValueError, psutil.Error):  # being started or being ended
            return False

    def wait(self) -> None:
        wait_until(self.is_whole, 15, lambda: f"the node is not whole:\n{self.service.logs()[-3000:]}")

    def fresh(self) -> None:
        """As just started, so that the order of its processes tells what each is."""
        self.wait()
        before = self.everybody()
        self.main.kill()
        wait_until(lambda: not any(map(alive, before)), 15, lambda: f"still running: {before}")
        self.wait()

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return "qnode" in process.cmdline() and process.environ().get("Q_CLUSTER_NAME", "") == self.queue
        except psutil.Error:
            return False


def _age(process: psutil.Process) -> tuple[float, int]:
    """Sorts the oldest first. Process ids alone do not: they begin anew at the kernel's highest (pid_max)."""
    return process.create_time(), process.pid


def alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running()) and process.status() != "zombie"
    except psutil.NoSuchProcess:
        return False


# --- what may happen to a node: each gives back the processes that must be gone afterwards ----------------------
def one_idle_worker(cluster: Cluster) -> list[psutil.Process]:
    """One of them waits inside the queue, where stock django-q2 holds its lock; the parameter says which we kill."""
    return kill(cluster.children[:1])


def other_idle_worker(cluster: Cluster) -> list[psutil.Process]:
    return kill(cluster.children[1:WORKERS])


def all_idle_workers(cluster: Cluster) -> list[psutil.Process]:
    return kill(cluster.children[:WORKERS])


def monitor(cluster: Cluster) -> list[psutil.Process]:
    return kill(cluster.children[WORKERS : WORKERS + 1])


def pusher(cluster: Cluster) -> list[psutil.Process]:
    return kill(cluster.children[WORKERS + 1 :])


def everything_below_the_sentinel(cluster: Cluster) -> list[psutil.Process]:
    return kill(cluster.children)


def sentinel(cluster: Cluster) -> list[psutil.Process]:
    everybody = cluster.everybody()
    kill([cluster.sentinel])
    return everybody


def main(cluster: Cluster) -> list[psutil.Process]:
    everybody = cluster.everybody()
    kill([cluster.main])
    return everybody


def whole_node(cluster: Cluster) -> list[psutil.Process]:
    return kill(cluster.everybody())


def group_sigterm(cluster: Cluster) -> list[psutil.Process]:
    """As systemd and `tini -g` do it."""
    everybody = cluster.everybody()
    os.killpg(os.getpgid(cluster.main.pid), signal.SIGTERM)
    return everybody


def sigterm_twice(cluster: Cluster) -> list[psutil.Process]:
    everybody = cluster.everybody()
    terminate([everybody[0]] * 2)
    return everybody


def sigterm_to_everybody(cluster: Cluster) -> list[psutil.Process]:
    """To each process by itself, twice."""
    everybody = cluster.everybody()
    terminate(everybody * 2)
    return everybody


def kill(processes: list[psutil.Process]) -> list[psutil.Process]:
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # it has died with the one before
            process.kill()
    return processes


def terminate(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()


FATES = {
    fate.__name__: fate
    for fate in (
        one_idle_worker,
        other_idle_worker,
        all_idle_workers,
        monitor,
        pusher,
        everything_below_the_sentinel,
        sentinel,
        main,
        whole_node,
        group_sigterm,
        sigterm_twice,
        sigterm_to_everybody,
    )
}
