"""What becomes of a conversation when a service outside fails: no answer is lost, none is sent twice."""

import pytest

from tests.system.numbers import new_number
from tests.system.providers import THANKS_FOR_CONFIRMING, Gateway, Model
from tests.system.service import Batch, Service

MODEL_FAULTS = {
    "401": "auth",
    "429": "rate_limit",
    "500": "server_error",
    "timeout": "timeout",
    "truncated": "truncated",
    "refused": "refused",
    "garbage": "invalid_answer",
    "hang_up": "connection",
    "drip": "timeout",
}
# SMSMobileAPI's behaviour → how the reply ends.
GATEWAY_FAULTS = {
    "result_error": "refused",
    "unauthorized": "refused",
    "server_error": "unknown",
    "not_json": "unknown",
    "hang_up": "unknown",
}
Settled = dict[str, tuple[str, Batch]]


def _settle(service: Service, numbers: dict[str, str], texts: dict[str, str]) -> Settled:
    """Let everybody write at once, and give each one's batch when all are settled."""
    for fault, number in numbers.items():
        service.send(number, texts[fault])
    return {fault: (number, service.wait_for_settled(number)[0]) for fault, number in numbers.items()}


@pytest.fixture(scope="module")
def without_model(service: Service, model: Model) -> Settled:
    numbers = {fault: new_number() for fault in MODEL_FAULTS}
    texts = {fault: f"Yes, I will come {number}" for fault, number in numbers.items()}
    model.behaviours |= {texts[fault]: fault for fault in MODEL_FAULTS}
    return _settle(service, numbers, texts)


@pytest.fixture(scope="module")
def without_gateway(service: Service, gateway: Gateway) -> Settled:
    numbers = {fault: new_number() for fault in GATEWAY_FAULTS}
    gateway.behaviours |= {number: fault for fault, number in numbers.items()}
    return _settle(service, numbers, dict.fromkeys(GATEWAY_FAULTS, "Yes"))


@pytest.mark.parametrize("fault", MODEL_FAULTS)
def test_it_falls_back_to_rules_and_says_why(without_model: Settled, fault: str) -> None:
    _, batch = without_model[fault]

    [verdict] = batch.classifications
    assert (verdict["engine"], verdict["label"]) == ("rules", "agree")
    assert verdict["fallback_reason"].startswith(f"openai: {MODEL_FAULTS[fault]}")


@pytest.mark.parametrize("fault", MODEL_FAULTS)
def test_it_still_replies_once_when_the_model_fails(
    without_model: Settled, gateway: Gateway, fault: str
) -> None:
    number, batch = without_model[fault]

    assert batch.outcome == "replied"
    assert gateway.sent_to(number) == [THANKS_FOR_CONFIRMING]


@pytest.mark.parametrize("fault", GATEWAY_FAULTS)
def test_it_records_what_the_provider_did_not_send(
    service: Service, without_gateway: Settled, gateway: Gateway, fault: str
) -> None:
    number, batch = without_gateway[fault]

    assert batch.outcome == GATEWAY_FAULTS[fault]
    assert [(reply["status"], reply["attempt_count"]) for reply in batch.replies] == [(batch.outcome, 1)]
    assert len(gateway.sent_to(number)) == 1
    service.wait_for_log(f"AUTO-REPLY FAILED (batch) | To: {number}")
    assert f"AUTO-REPLY SENT (batch) | To: {number}" not in service.logs()


def test_it_never_sends_an_unknown_reply_again(
    service: Service, without_gateway: Settled, gateway: Gateway
) -> None:
    number, batch = without_gateway["server_error"]

    outcome = service.manage("reprocess_batches", "--id", str(batch.id), "--json")

    assert outcome.returncode == 0, outcome.stderr
    assert service.wait_for_settled(number)[0].outcome == "unknown"
    assert len(gateway.sent_to(number)) == 1


def test_it_keeps_the_keys_out_of_everything_it_prints(
    service: Service, without_model: Settled, without_gateway: Settled
) -> None:
    printed = service.logs()

    secrets = [name for name in service.environment if name.endswith(("_KEY", "_SECRET_KEY"))]
    assert {"OPENAI_API_KEY", "SMS_MOBILE_API_KEY", "DJANGO_SECRET_KEY"} <= set(secrets)
    assert [name for name in secrets if service.environment[name] in printed] == []
