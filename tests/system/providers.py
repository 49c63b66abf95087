"""The two services outside, scripted for each conversation, so that many can go on at once."""

from replies.content import THANKS_FOR_CONFIRMING
from tests.support.openai_protocols import Request
from tests.support.openai_server import NAMED, OpenAIServer, Response, answer
from tests.support.smsmobileapi_server import Request as SmsRequest
from tests.support.smsmobileapi_server import SmsMobileApiServer

__all__ = ["THANKS_FOR_CONFIRMING", "Gateway", "Model"]


class Model(OpenAIServer):
    """OpenAI's model; `behaviours` says for a conversation's first text what is answered (else agree)."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.behaviours: dict[str, str] = {}

    def _answer(self, request: Request) -> Response:
        name = self.behaviours.get(request.texts[0], "agree")
        return (NAMED.get(name) or answer(name))(request)

    def calls(self, text: str) -> int:
        """How often it was asked about a conversation with this text."""
        return sum(text in request.texts for request in self.requests)


class Gateway(SmsMobileApiServer):
    """SMSMobileAPI; `behaviours` says for a recipient how it misbehaves."""

    def __init__(self) -> None:
        super().__init__()
        self.behaviours: dict[str, str] = {}

    def note(self, request: SmsRequest) -> str:
        super().note(request)
        return self.behaviours.get(request.form.get("recipients", ""), "ok")

    @property
    def sends(self) -> list[SmsRequest]:
        """The requests to send something; others only ask whether the key is good."""
        return [one for one in self.requests if "recipients" in one.form]

    def sent_to(self, number: str) -> list[str]:
        """The texts that it was asked to send to one number."""
        return [one.form["message"] for one in self.sends if one.form["recipients"] == number]
