"""Running systems for the tests to share; each test writes from a number of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis

from tests.support.databases import ON_POSTGRES
from tests.system import database as databases
from tests.system.database import Database
from tests.system.numbers import new_number
from tests.system.providers import Gateway, Model
from tests.system.service import ROOT, Service
from tests.system.stories import WAYS, Story, tell

# A Redis database that may be emptied, as may the one below it. Where it is named, systems have their queue there, and
# else in their database: SQLite's run in .ci/run has the one, PostgreSQL's the other, and its chaos what neither has.
REDIS_URL = os.environ.get("REDIS_TEST_URL", "")
BROKERS = ["redis" if REDIS_URL else "orm"]
KEY = "sms-key-of-the-tests"
# Databases go away in different ways: a server behind a network, and a file. Only a server has poolers and replicas.
FOR_POSTGRES = ["test_database_away.py", "test_pooler.py", "test_replica.py", "test_standby.py"]
# A file that is locked; and a Prometheus, for which once is enough, where there is one.
FOR_SQLITE = ["test_database_locked.py", "test_watching.py"]
FOR_PROMETHEUS = [] if shutil.which("prometheus") else ["test_watching.py"]
collect_ignore = (FOR_SQLITE if ON_POSTGRES else FOR_POSTGRES) + FOR_PROMETHEUS

StartService = Callable[..., Any]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """These go first: they wait most of the time, and where tests run in several processes others fill it."""
    for item in items:
        if item.path.is_relative_to(ROOT / "tests" / "system"):
            item.add_marker(pytest.mark.system)
    items.sort(key=lambda item: item.get_closest_marker("system") is None)


@contextmanager
def broker(name: str, below: int = 0) -> Iterator[dict[str, str]]:
    """The settings for a broker ("orm", "redis"). Systems that run at once need Redis databases of their own, or they
    take each other's tasks: `below` says how many below REDIS_TEST_URL's it is."""
    if name == "orm":
        yield {}
        return
    with redis.Redis.from_url(REDIS_URL) as named:
        number = named.connection_pool.connection_kwargs.get("db", 0) - below
    url = urlsplit(REDIS_URL)._replace(path=f"/{number}").geturl()
    with redis.Redis.from_url(url) as client:
        client.flushdb()
        yield {"REDIS_URL": url}
        client.flushdb()


@pytest.fixture(scope="package")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A migrated database, migrated once."""
    database = databases.create(tmp_path_factory.mktemp("system"), "system")
    try:
        migrate = [sys.executable, "manage.py", "migrate", "-v0"]
        subprocess.run(migrate, cwd=ROOT, env=Service(ROOT, database).environment, check=True)
        yield database
    finally:
        database.drop()


@pytest.fixture(scope="package")
def model() -> Iterator[Model]:
    with Model() as server:
        yield server


@pytest.fixture(scope="package")
def gateway() -> Iterator[Gateway]:
    with Gateway() as server:
        yield server


@pytest.fixture(scope="package")
def running(
    template: Database, model: Model, gateway: Gateway, tmp_path_factory: pytest.TempPathFactory
) -> StartService:
    """`with running("name", SETTING=…) as service:` a system of its own, wired to the two servers outside."""
    settings: dict[str, Any] = {
        "CONSOLIDATION_WINDOW": 2,
        "WORKERS": 2,
        "OPENAI_API_KEY": "test-key-of-the-tests",
        "OPENAI_BASE_URL": model.url,
        "OPENAI_TIMEOUT": 1,
        "OPENAI_DEADLINE": 5,
        "OPENAI_MASK": "false",  # texts hold numbers, by which the model knows the conversations apart
        "SMS_AUTO_REPLY_ENABLED": "true",
        "SMS_MOBILE_API_KEY": KEY,
        "SMS_MOBILE_API_URL": gateway.url,
    }

    @contextmanager
    def start(name: str, **changes: Any) -> Iterator[Service]:
        database = template.copy(name)
        try:
            with Service(tmp_path_factory.mktemp(name), database, **settings | changes) as service:
                yield service
        finally:
            database.drop()

    return start


@pytest.fixture(scope="package", params=BROKERS)
def service(request: pytest.FixtureRequest, running: StartService) -> Iterator[Service]:
    """The system as operators run it; each conversation's trouble is its own here."""
    settings = {"WEB_PROCESSES": 2, "OPENAI_BREAKER_FAILURES": 0}
    with broker(request.param) as chosen, running(request.param, **chosen, **settings) as service:
        yield service


@pytest.fixture(scope="package")
def stories(
    running: StartService, model: Model, gateway: Gateway, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Story]:
    """The same story told to systems that differ in their settings, at the same time."""
    logs = tmp_path_factory.mktemp("logs")

    def told(name: str) -> Story:
        return tell(running(name, WORKERS=1, **WAYS[name]), model, gateway, logs / f"{name}.log")

    with ThreadPoolExecutor() as threads:
        return dict(zip(WAYS, threads.map(told, WAYS), strict=True))


@pytest.fixture
def sender() -> str:
    """A number that nobody has written from."""
    return new_number()
