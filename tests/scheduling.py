"""How tests are spread over processes (`pytest -n 2`, of pytest-xdist)."""

from xdist.scheduler import LoadScopeScheduling

SYSTEM = "tests/system/"
# The long walks among these, which share nothing with the others.
WALKS = ("tests/system/test_fault_points.py", "tests/system/test_nodes.py")
WITH_DEADLINES = ("gw0", "gw1")  # the processes that get SYSTEM and WALKS: they come first
# Long ones that share nothing.
APART = ("tests/fuzz/", "tests/properties/")


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # it comes without types
    """Two processes run the tests with running systems, one after the other; the others run the rest, file by file.

    Those share systems and Redis databases, and they wait for what other processes do: many at once would make each
    other late.
    """

    def _split_scope(self, nodeid: str) -> str:
        """The name of the group that a test belongs to."""
        if nodeid.startswith(WALKS):
            return f"{SYSTEM}walks"
        if nodeid.startswith(SYSTEM):
            return SYSTEM
        return nodeid if nodeid.startswith(APART) else nodeid.partition("::")[0]
