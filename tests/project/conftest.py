"""Alert rules are tried by Prometheus' own tool. The service does without it: its tests run where it is installed."""

import shutil

PROMTOOL = shutil.which("promtool")
collect_ignore = [] if PROMTOOL else ["test_alerts.py"]


def pytest_report_header() -> list[str]:
    """Which tests are left out here, so that nobody takes them for passed."""
    return (
        [] if PROMTOOL else ["promtool is not installed: the alert rules are not tried (Debian: prometheus)"]
    )
