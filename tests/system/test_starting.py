"""A web process that is told to stop before it has begun to serve stops, and is not waited for until it is killed."""

import psutil  # type: ignore[import-untyped]

from tests.system.conftest import StartService
from tests.system.service import Service, wait_until


def first(service: Service) -> psutil.Process:
    """The web process, as soon as there is one."""
    [process] = wait_until(lambda: service.workers("web"), 20, service.logs, every=0.001)
    return process


def test_a_web_process_hears_sigterm_before_it_serves(running: StartService) -> None:
    with running("starting", programs=[], WEB_PROCESSES=1) as service:
        service.start("web")
        starting = first(service)
        starting.terminate()
        # The server puts another in the place of one that has ended.
        wait_until(lambda: starting not in service.workers("web"), 20, service.logs)
        assert first(service) != starting
