"""Alert rules are tried by Prometheus' own tool. The service does without it: its tests run where it is installed."""

import shutil

from tests.support.databases import ON_POSTGRES

PROMTOOL = shutil.which("promtool")
FOR_PROMTOOL = ["test_alerts.py", "test_alert_targets.py"]
# They ask no database, or one of their own: once is enough.
FOR_NO_DATABASE = ["test_alerts.py", "test_env.py", "test_firstrun.py", "test_layers.py"]
FOR_POSTGRES = ["test_prepared.py"]
collect_ignore = ([] if PROMTOOL else FOR_PROMTOOL) + (FOR_NO_DATABASE if ON_POSTGRES else FOR_POSTGRES)


def pytest_report_header() -> list[str]:
    """Which tests are left out here, so that nobody takes them for passed."""
    return (
        []
        if PROMTOOL
        else ["promtool is not installed: alert rules and dashboard are not tried (Debian: prometheus)"]
    )
