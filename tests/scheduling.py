"""How tests are spread over processes (`pytest -n 3`, of pytest-xdist)."""

import re
from pathlib import PurePath

from xdist.scheduler import LoadScopeScheduling

# These share the running systems of tests/system/conftest.py: `service`, one for each broker, and `stories`.
SHARING = {"test_contract.py", "test_outages.py", "test_simulate_sms.py", "test_logs.py"}
# Long ones that share nothing.
APART = ("tests/fuzz/", "tests/properties/")


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # it comes without types
    """What shares a running system, and with it a Redis database, is run by one process; else a file's tests are."""

    def _split_scope(self, nodeid: str) -> str:
        """The name of the group that a test belongs to."""
        file = nodeid.partition("::")[0]
        if PurePath(file).name in SHARING:
            broker = re.search(r"\[(orm|redis)\b", nodeid)
            return f"service on {broker[1]}" if broker else "stories"
        return nodeid if file.startswith(APART) else file
