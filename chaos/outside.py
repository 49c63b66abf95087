"""The services outside: two SMS providers and a model, which fail at random and remember what they accepted."""

import base64
import json
import os
import struct
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from socket import SO_LINGER, SOL_SOCKET
from threading import Lock
from typing import Literal
from urllib.parse import urlsplit

from tests.support import openai_server, smsmobileapi_server
from tests.support.openai_protocols import Request
from tests.support.openai_server import NAMED, OpenAIServer, Script, answer, http_error
from tests.support.smsmobileapi_server import ANSWERS, FAULTS, SmsMobileApiServer

ProviderName = Literal["smsmobileapi", "smsgate"]
USER, PASSWORD, DEVICE, KEY = "chaos", "password-of-the-chaos-run", "device-1", "key-of-the-chaos-run"
LATENCY = (0.002, 0.02)  # seconds of an ordinary call
SLOW = (0.2, 0.6)


@dataclass(frozen=True)
class Fault:
    """What the provider does with one call: `accepts` says whether the SMS goes out, `clear` whether it says so."""

    name: str
    behaviour: str
    accepts: bool
    clear: bool


FINE = Fault("", "ok", accepts=True, clear=True)
WRONG = Fault("error inside", "result_error", accepts=False, clear=True)
CLEAR = (
    Fault("slow", "ok", accepts=True, clear=True),
    Fault("429 with Retry-After", "too_many_later", accepts=False, clear=True),
    WRONG,
)
UNCLEAR = (
    Fault("500 before accepting", "server_error", accepts=False, clear=False),
    Fault("500 after accepting", "server_error", accepts=True, clear=False),
    Fault("time-out after accepting", "slow", accepts=True, clear=False),
    Fault("reset before accepting", "reset", accepts=False, clear=False),
    Fault("reset after accepting", "reset", accepts=True, clear=False),
    Fault("slow drip after accepting", "drip_body", accepts=True, clear=False),
)
CLEAR_SHARE = 0.06  # of the calls
UNCLEAR_SHARE = {"smsmobileapi": 0.02, "smsgate": 0.1}
# Of one message's calls: whoever meets many in a row rightly waits longer than the run gives it to settle.
MOST_FAULTS = 2
# The model's failures, and how often a call meets one.
MODEL_FAULTS: tuple[Script, ...] = (
    http_error(429, "Rate limit reached."),
    http_error(429, "Rate limit reached.", retry_after="1"),
    answer("agree", delay=4),  # longer than the service waits
    *(NAMED[name] for name in ("500", "truncated", "refused", "garbage", "hang_up", "drip")),
)
MODEL_SHARE = 0.15
MODEL_LATENCY = (0.01, 0.15)


@dataclass(frozen=True)
class Call:
    """One call as it came, and what was done with it. `client` is the caller's port, `at` the epoch's seconds."""

    at: float
    to: str
    text: str
    reference: str
    client: int
    fault: Fault
    accepted: bool


class Provider(SmsMobileApiServer):
    """SMSMobileAPI or, with basic auth and JSON, the idempotent SMS Gateway for Android. Keeps every call."""

    def __init__(self, name: ProviderName, random: Random) -> None:
        super().__init__()
        self.RequestHandlerClass = HANDLERS[name]
        self.name = name
        self.calls: list[Call] = []
        self.misbehaves = False
        self._random = random
        self._asked: Counter[str] = Counter()
        self._references: set[str] = set()
        self._books = Lock()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def settings(self) -> dict[str, str]:
        """What the service needs to be told to send by it."""
        if self.name == "smsmobileapi":
            return {"SMS_SENDER": self.name, "SMS_MOBILE_API_KEY": KEY, "SMS_MOBILE_API_URL": self.url}
        account = {"SMS_GATE_USER": USER, "SMS_GATE_PASSWORD": PASSWORD, "SMS_GATE_DEVICE_ID": DEVICE}
        return {"SMS_SENDER": self.name, "SMS_GATE_URL": self.base} | account

    def take(self, to: str, text: str, client: int, reference: str = "") -> Call:
        """Enter a call in the books, after the time that it takes; a reference that was accepted is not again."""
        with self._books:
            fault = self._choose(reference)
            repeated = bool(reference) and reference in self._references
            accepted = fault.accepts and not repeated
            call = Call(time.time(), to, text, reference, client, fault, accepted)
            self.calls.append(call)
            if accepted and reference:
                self._references.add(reference)
        time.sleep(self._random.uniform(*(SLOW if fault.name == "slow" else LATENCY)))
        return call

    def knows(self, reference: str) -> bool:
        """Whether an SMS with this reference was accepted."""
        return reference in self._references

    def _choose(self, reference: str) -> Fault:
        """What is wrong with a message is found at its first call: its repetition is the same message."""
        asked = self._asked[reference]
        if reference:
            self._asked[reference] += 1
        if not self.misbehaves or asked >= MOST_FAULTS:
            return FINE
        fault = self._throw()
        return FINE if asked and fault is WRONG else fault

    def _throw(self) -> Fault:
        dice, unclear = self._random.random(), UNCLEAR_SHARE[self.name]
        if dice < unclear:
            return self._random.choice(UNCLEAR)
        return self._random.choice(CLEAR) if dice < unclear + CLEAR_SHARE else FINE


class Handler(smsmobileapi_server.Handler):
    """SMSMobileAPI's side of a connection."""

    server: Provider

    def provider(self, fields: dict[str, list[str]]) -> None:
        form = {name: values[-1] for name, values in fields.items()}
        if not form.keys() >= set(smsmobileapi_server.REQUIRED):
            self.close_connection = True  # the caller was killed while it was writing
            return
        call = self.server.take(form["recipients"], form["message"], self.client_address[1])
        self.behave(call.fault.behaviour)

    def behave(self, name: str) -> None:
        if name in ANSWERS:
            self.canned(name)
        elif name == "too_many_later":
            self.too_many()
        elif name == "reset":
            self.reset()
        else:
            FAULTS[name](self)

    def too_many(self) -> None:
        body = b'{"error": "slow down"}'
        self.send_response(429)
        self.send_header("Retry-After", "1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def reset(self) -> None:
        """Close with a reset instead of an ordinary end."""
        self.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        os.close(self.connection.detach())  # at once: an orderly shutdown would come first


class GateHandler(Handler):
    """SMS Gateway for Android (https://docs.sms-gate.app): POST /messages, one SMS for each id and device."""

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if len(body) < length:
            self.close_connection = True  # the caller was killed while it was writing
        elif self.headers.get("Authorization") != expected:
            self.answer(401, '{"message": "unauthorized"}')
        elif urlsplit(self.path).path != "/messages":
            self.answer(404, '{"message": "not found"}')
        else:
            self.message(json.loads(body))

    def message(self, order: dict[str, object]) -> None:
        reference, (to,) = f"{order['deviceId']}/{order['id']}", _texts(order["phoneNumbers"])
        content = order["textMessage"]
        text = str(content["text"]) if isinstance(content, dict) else ""
        known = self.server.knows(reference)
        call = self.server.take(to, text, self.client_address[1], reference)
        if call.fault.behaviour == "ok":
            self.taken(str(order["id"]), known)
        elif call.fault.behaviour == "result_error":
            self.answer(400, '{"message": "invalid phone number"}')
        else:
            self.behave(call.fault.behaviour)

    def taken(self, identity: str, known: bool) -> None:
        if known:
            self.answer(409, '{"message": "message with the same ID already exists"}')
        else:
            self.answer(202, json.dumps({"id": identity, "state": "Pending", "recipients": []}))


HANDLERS = {"smsmobileapi": Handler, "smsgate": GateHandler}


def _texts(value: object) -> Sequence[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


class Model(OpenAIServer):
    """A model that agrees, and fails at random while `misbehaves`."""

    def __init__(self, random: Random) -> None:
        super().__init__(self._answer)
        self.misbehaves = False
        self.faults = 0
        self._random = random

    def settings(self) -> dict[str, str]:
        """What the service needs to be told to ask it."""
        return {
            "CLASSIFICATION_MODE": "llm_then_rules",
            "OPENAI_API_KEY": "key-of-the-chaos-run",
            "OPENAI_BASE_URL": self.url,
        }

    def respond(self, request: Request) -> openai_server.Response:
        """Answer without keeping the request."""
        return self.default(request)

    def _answer(self, request: Request) -> openai_server.Response:
        if not self.misbehaves or self._random.random() >= MODEL_SHARE:
            return answer("agree", delay=self._random.uniform(*MODEL_LATENCY))(request)
        self.faults += 1
        return self._random.choice(MODEL_FAULTS)(request)
