"""The rule engine asks no database: once is enough."""

from tests.support.databases import ON_POSTGRES

collect_ignore_glob = ["test_*.py"] if ON_POSTGRES else []
