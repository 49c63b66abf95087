"""The webhook's door at a real web server: who is let in, what is read of others, and what the log keeps to itself."""

import json
import socket
from collections.abc import Iterator

import pytest

from tests.system.conftest import StartService
from tests.system.service import TOKEN, Service, wait_until


@pytest.fixture(scope="module")
def closed(running: StartService) -> Iterator[Service]:
    """A service with JSON logs, a short patience and a person's own token."""
    with running("strangers", WEBHOOK_FAILURES_PER_MINUTE=1000, LOG_FORMAT="json") as service:
        yield service


def make_token(service: Service, *options: str) -> dict[str, str]:
    run = service.manage("webhook_token", "clinic", "--create-channel", "--json", *options)
    assert run.returncode == 0, run.stderr
    made: dict[str, str] = json.loads(run.stdout)
    return made


def talk(service: Service, request: str, seconds: float = 10) -> str:
    """The beginning of the server's answer to these bytes; the connection stays open until then."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=seconds) as connection:
        connection.sendall(request.encode())
        return connection.recv(200).decode()


def status(service: Service, url: str) -> int:
    return service.http.get(url, timeout=20).status_code


def test_it_takes_a_token_that_was_just_made_and_forgets_one_that_was_revoked(
    closed: Service, sender: str
) -> None:
    token = make_token(closed)
    wait_until(lambda: status(closed, token["url"]) == 200, 10, lambda: closed.logs()[-1000:])
    message = {"guid": f"clinic-{sender}", "number": sender, "message": "Yes"}
    assert closed.http.post(token["url"], json=message, timeout=20).json()["processed"] == 1
    closed.manage("webhook_token", "clinic", "--revoke", str(token["id"]))
    wait_until(lambda: status(closed, token["url"]) == 404, 10, lambda: closed.logs()[-1000:])
    closed.wait_for_settled(sender)


@pytest.mark.parametrize("target", ["/api/webhook/sms-received", "/api/webhook/clinic/wrong"])
@pytest.mark.parametrize("length", ["Content-Length: 100000000", "Transfer-Encoding: chunked"])
def test_it_answers_strangers_without_their_body(closed: Service, target: str, length: str) -> None:
    head = f"POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{length}\r\n\r\n"
    assert talk(closed, head).split()[1] == ("404" if "clinic" in target else "401")


def test_it_invites_no_body_of_strangers(closed: Service) -> None:
    head = "POST /api/webhook/sms-received HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    expecting = f"{head}Content-Length: 1000\r\nExpect: 100-continue\r\n"
    assert talk(closed, f"{expecting}\r\n").split()[1] == "401"
    assert talk(closed, f"{expecting}X-Webhook-Token: {TOKEN}\r\n\r\n").split()[1] == "100"


@pytest.mark.parametrize(
    "headers", ["".join(f"X-{number}: a\r\n" for number in range(150)), f"X-Long: {'a' * 100_000}\r\n"]
)
def test_it_takes_no_more_than_a_bounded_head(closed: Service, headers: str) -> None:
    answer = talk(closed, f"GET /healthz HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n")
    assert answer.startswith("HTTP/1.1 431")


def test_it_keeps_tokens_out_of_everything_it_prints(closed: Service, sender: str) -> None:
    token = make_token(closed, "--label", "for the log")
    secret, base = token["token"], f"http://127.0.0.1:{closed.port}"
    wait_until(lambda: status(closed, token["url"]) == 200, 10, lambda: closed.logs()[-1000:])
    closed.http.post(token["url"], data=b"{broken", headers={"Content-Type": "application/json"}, timeout=20)
    closed.http.put(token["url"], timeout=20)
    for path in (f"/api/webhooks/clinic/{secret}", f"/api/webhook/clinic/{secret}/more", f"/{secret}"):
        assert status(closed, base + path) == 404
    assert status(closed, f"{base}/api/webhook/clinic/{secret[:-1]}") == 404
    wait_until(lambda: "/[secret]" in closed.logs(), 10, lambda: closed.logs()[-1000:])
    printed = closed.logs()
    assert "Not Found: " in printed
    assert "Method Not Allowed: /api/webhook/clinic/[secret]" in printed
    assert secret[4:16] not in printed
    assert TOKEN not in printed
    for line in printed.splitlines():
        assert json.loads(line)


def test_it_tells_of_an_open_door_at_the_start(running: StartService, sender: str) -> None:
    with running("open", WEBHOOK_OPEN="true", WEBHOOK_TOKEN="") as service:
        del service.http.headers["X-Webhook-Token"]
        service.send(sender, "Yes")
        assert (
            service.logs().count("WARNING WEBHOOK OPEN | WEBHOOK_OPEN=true: whoever reaches this server") == 1
        )
        service.wait_for_settled(sender)


def test_it_makes_guessers_wait_and_lets_others_in(running: StartService, sender: str) -> None:
    with running("guessed", WEBHOOK_FAILURES_PER_MINUTE=5) as service:
        guess = f"http://127.0.0.1:{service.port}/api/webhook/default/wrong"
        codes = [status(service, guess) for _ in range(8)]
        assert codes == [404] * 5 + [429] * 3
        service.send(sender, "Yes")
        service.wait_for_settled(sender)
        assert service.logs().count("WEBHOOK REFUSED | From: 127.0.0.1") == 1
