"""How tests are spread over processes (`pytest -n 2`, of pytest-xdist)."""

from xdist.scheduler import LoadScopeScheduling

SYSTEM = "tests/system/"
WITH_DEADLINES = "gw0"  # the process that gets SYSTEM, which comes first
# Long ones that share nothing.
APART = ("tests/fuzz/", "tests/properties/")


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # it comes without types
    """One process runs the tests with running systems, one after the other; the others run the rest, file by file.

    Those share systems and Redis databases, and they wait for what other processes do: several at once would make each
    other late.
    """

    def _split_scope(self, nodeid: str) -> str:
        """The name of the group that a test belongs to."""
        if nodeid.startswith(SYSTEM):
            return SYSTEM
        return nodeid if nodeid.startswith(APART) else nodeid.partition("::")[0]
