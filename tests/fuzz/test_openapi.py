"""The service does what its OpenAPI description says, for whatever Schemathesis makes of that description."""

from typing import Any

import schemathesis
from schemathesis.checks import negative_data_rejection, not_a_server_error, positive_data_acceptance

from batches.models import Message
from tests.fuzz.gateway import answered, application, example
from tests.properties.effort import effort

schema = schemathesis.openapi.from_wsgi("/api/schema/", application)


@schema.include(path_regex="/api/webhook/").parametrize()
@effort(350)
def test_the_webhook(case: "schemathesis.Case[Any]") -> None:
    """Valid requests are taken, others refused, and every answer is as described."""
    with example(f"from the API's description: {case.operation.label}"):
        response = case.call()
        answered[response.status_code] += 1
        # A list of which some can be used is taken, so what is wrong must be named instead: asserted below.
        # Made-up tokens open nothing, whatever they bring.
        guessed = [positive_data_acceptance] if "{token}" in case.path else []
        case.validate_response(response, excluded_checks=[negative_data_rejection, *guessed])
        assert b"Traceback" not in response.content
        if case.method == "POST" and response.status_code == 200:
            document = response.json()
            assert Message.objects.count() == document["processed"]
            assert (
                document["processed"] + document["skipped"] + document.get("rejected", 0)
                == document["message_count"]
            )


@schema.include(path_regex="/(healthz|readyz)").parametrize()
@effort(30)
def test_the_probes(case: "schemathesis.Case[Any]") -> None:
    with example(f"from the API's description: {case.operation.label}"):
        response = case.call()
        answered[response.status_code] += 1
        # Without a sweep, /readyz says 503 as described.
        case.validate_response(response, excluded_checks=[not_a_server_error, positive_data_acceptance])
