"""`python -m smsconsolidator.web`: the web server on HOST and PORT, with WEB_PROCESSES and WEB_THREADS."""

import logging
import multiprocessing
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIHandler
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.common import AbstractServer

from batches.checks import open_webhook
from smsconsolidator import __version__, forks

log = logging.getLogger(__name__)

STOP_SECONDS = 10  # for requests under way, before a process is killed
# Bytes of a request's head, up to twice as many as the server reads ahead; it takes no more than 100 headers by itself.
# More is answered with 431.
HEAD = HTTP1Settings(max_buffer_size=32 * 1024)


def server() -> AbstractServer[Any]:
    """The server as configured; it also serves the admin's static files."""
    env = settings.ENV
    return Granian(
        "smsconsolidator.web:application",
        factory=True,
        address=env.host,
        port=env.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        http1_settings=HEAD,
        websockets=False,
        workers=env.web_processes,
        blocking_threads=env.web_threads,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        static_path_route=[settings.STATIC_URL.rstrip("/")],
        static_path_mount=[settings.STATIC_ROOT],
        log_level=LogLevels.error,  # its warnings are advice on the configuration
        log_dictconfig=_logging(),
    )


def _logging() -> dict[str, Any]:
    """The project's logging; granian adds its logger's level to it, so it gets a copy."""
    return {**settings.LOGGING, "loggers": dict(settings.LOGGING["loggers"])}


def application() -> WSGIHandler:
    """The WSGI application, in a process that does not outlive the server's main process, not even its kill -9."""
    server = multiprocessing.parent_process()  # by what it was told at its birth: it may be dead by now
    threading.Thread(target=_exit_with, args=(server.pid if server else os.getppid(),), daemon=True).start()
    from smsconsolidator.wsgi import application as site

    log.info("STARTED | smsconsolidator %(version)s | web", {"version": __version__})
    return site


def _exit_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def clean_figures() -> None:
    """An empty folder for what the processes to come count for /metrics; what an earlier server counted is not ours.

    prometheus_client is told by the environment where it is, before it is imported. The files of a process that has
    died stay while the server runs: counters do not fall.
    """
    folder = Path(settings.SPOOL_PATH).parent / f"metrics-{settings.ENV.port}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in folder.glob("*.db"):
        file.unlink(missing_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsconsolidator.settings")
    try:
        web = server()
        clean_figures()
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    if warning := open_webhook():
        log.warning("WEBHOOK OPEN | %(warning)s", {"warning": warning})
    forks.hear_sigterm()
    web.serve()


if __name__ == "__main__":
    main()
