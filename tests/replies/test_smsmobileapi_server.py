"""The provider's stand-in as a process of its own, as the tests of the whole system use it."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests

from tests.support.smsmobileapi_server import SmsMobileApiServer

FORM = {"apikey": "k", "recipients": "+639171234567", "message": "Hi", "sendsms": "1", "sendwa": "0"}


@pytest.fixture
def process_url() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.support.smsmobileapi_server", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip().removesuffix("/sendsms/")
        process.terminate()


def _post(url: str, **changes: str) -> requests.Response:
    return requests.post(f"{url}/sendsms/", data=FORM | changes, timeout=5)


def test_it_tells_another_process_what_it_was_asked(process_url: str) -> None:
    _post(process_url)
    kept = requests.get(f"{process_url}/requests", timeout=5).json()
    assert [(request["method"], request["path"], request["form"]) for request in kept] == [
        ("POST", "/sendsms/", FORM)
    ]


def test_it_answers_as_another_process_scripts_it(process_url: str) -> None:
    requests.post(f"{process_url}/script", json=["too_many"], timeout=5).raise_for_status()
    requests.post(f"{process_url}/default", json="server_error", timeout=5).raise_for_status()
    assert [_post(process_url).status_code for _ in range(3)] == [429, 500, 500]


def test_it_answers_in_the_documented_form(provider: SmsMobileApiServer) -> None:
    result = requests.post(provider.url, data=FORM, timeout=5).json()["result"]
    assert (result["error"], result["sent"], result["note"]) == (0, "1", "sent by mobile")


@pytest.mark.parametrize("missing", ["apikey", "recipients", "message"])
def test_it_refuses_a_form_with_a_field_missing(provider: SmsMobileApiServer, missing: str) -> None:
    result = requests.post(provider.url, data=FORM | {missing: ""}, timeout=5).json()["result"]
    assert (result["error"], result["sent"]) == (f"missing {missing}", "0")


def test_it_knows_no_other_behaviour(provider: SmsMobileApiServer) -> None:
    with pytest.raises(KeyError, match="no such behaviour: nonsense"):
        provider.script("nonsense")
