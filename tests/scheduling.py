"""How tests are spread over processes (`pytest -n 2`, of pytest-xdist)."""

from xdist.scheduler import LoadScopeScheduling

SYSTEM = "tests/system/"
# Those that have a Redis database of their own (`below=1`), or none, so that they can run beside the others.
BESIDE = tuple(f"tests/system/test_{name}.py" for name in ("fault_points", "nodes", "supervisor"))
# Long ones that share nothing.
APART = ("tests/fuzz/", "tests/properties/")


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # it comes without types
    """The tests with running systems come first, in two groups, one after the other in each; then the rest, by file.

    They share systems and Redis databases, and they wait for what other processes do: many at once would make each
    other late.
    """

    def _split_scope(self, nodeid: str) -> str:
        """The name of the group that a test belongs to."""
        if nodeid.startswith(BESIDE):
            return "beside"
        if nodeid.startswith(SYSTEM):
            return SYSTEM
        return nodeid if nodeid.startswith(APART) else nodeid.partition("::")[0]
