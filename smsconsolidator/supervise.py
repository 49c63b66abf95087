"""`python -m smsconsolidator.supervise`: web server and cluster under supervisord, until Ctrl-C or SIGTERM.

Options are supervisord's: a second one on a machine needs a log and a pid file of its own (`-l FILE -j FILE`).

supervisord can write its programs' output only to a file name, and /dev/stdout fails or overwrites when stdout
is a socket, another user's file or shared with other writers. So it always writes to a pipe, which this process
copies on.
"""

import contextlib
import os
import signal
import subprocess  # fixed arguments, no shell  # nosec B404
import sys
from pathlib import Path
from types import FrameType

from batches.prctl import PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG, prctl

BASE_DIR = Path(__file__).resolve().parent.parent
CONFIG = BASE_DIR / "deploy" / "supervisord.conf"


def main() -> int:
    """Run until stopped; returns supervisord's exit code."""
    (BASE_DIR / "run").mkdir(exist_ok=True)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    source, target = os.pipe()
    child = subprocess.Popen(  # nosec B603
        [sys.executable, "-m", "smsconsolidator.supervisord", "-c", str(CONFIG), *sys.argv[1:]],
        cwd=BASE_DIR,
        env=_environment(),
        stdout=target,
        start_new_session=True,  # Ctrl-C reaches this process alone, which passes it on once
        preexec_fn=lambda: prctl(PR_SET_PDEATHSIG, signal.SIGTERM),
    )
    _pass_on_signals(child)
    _reap_orphans(child)
    os.close(target)
    _copy_output(child, source)
    code = child.wait()
    _kill_orphans()
    return code


def _reap_orphans(child: subprocess.Popen[bytes]) -> None:
    """The processes of a killed node die with it, and become this process's children only to be waited for."""

    def reap(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        for pid in _children():
            if pid != child.pid:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)

    signal.signal(signal.SIGCHLD, reap)


def _kill_orphans() -> None:
    """What outlived a killed supervisord or server has become this process's child: leave none behind."""
    with contextlib.suppress(ChildProcessError):  # none left
        while True:
            for pid in _children():
                with contextlib.suppress(ProcessLookupError):  # reaped meanwhile
                    os.kill(pid, signal.SIGKILL)
            os.waitpid(-1, 0)


def _children() -> list[int]:
    try:
        return [int(pid) for pid in Path("/proc/thread-self/children").read_text().split()]
    except FileNotFoundError:  # not Linux: orphans are not ours there
        return []


def _environment() -> dict[str, str]:
    """The programs run with this interpreter, wherever it is, and write UTF-8 whatever the locale."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {**os.environ, "PATH": path, "PYTHONUTF8": "1"}


def _pass_on_signals(child: subprocess.Popen[bytes]) -> None:
    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        child.terminate()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup: go on when the terminal closes
        signal.signal(signal.SIGHUP, stop)


def _copy_output(child: subprocess.Popen[bytes], source: int) -> None:
    """Copy until supervisord ends. When nobody reads any longer, stop it, but let it finish."""
    read_by_somebody = True
    while chunk := os.read(source, 65536):
        if read_by_somebody and not (read_by_somebody := _write(chunk)):
            child.terminate()


def _write(chunk: bytes) -> bool:
    try:
        while chunk:
            chunk = chunk[os.write(1, chunk) :]
    except OSError as error:  # the reader has gone, the terminal is closed, the disk is full
        with contextlib.suppress(OSError):
            sys.stderr.write(f"The output cannot be written ({error.strerror}); stopping.\n")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
