"""Senders' settings over HTTP: what a program with a token may ask and write, made up from the description."""

from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import Group, User
from knox.models import AuthToken
from schemathesis.checks import ignored_auth, negative_data_rejection, positive_data_acceptance

from batches.models import SenderPreference
from tests.fuzz.gateway import answered, application, example
from tests.properties.effort import effort

schema = schemathesis.openapi.from_wsgi("/api/schema/", application)
KNOWN = "+639171234567"


@pytest.fixture
def token(settings: Any) -> str:
    """Of a user who may do everything with senders."""
    settings.API_REQUESTS_PER_MINUTE = 1_000_000
    user = User.objects.create_user("program")
    user.groups.add(Group.objects.get(name="supervisor"))
    SenderPreference.objects.create(number=KNOWN, name="Maria Santos")
    token: str = AuthToken.objects.create(user)[1]
    return token


@schema.include(path_regex="/api/senders").parametrize()
@effort(40)
def test_the_senders(case: "schemathesis.Case[Any]", token: str) -> None:
    """Every answer is as described, whoever asks."""
    with example(f"from the API's description: {case.operation.label}"):
        if case.path_parameters and len(case.path_parameters["number"]) % 2:  # made-up numbers are none
            case.path_parameters["number"] = KNOWN
        response = case.call(headers={"Authorization": f"Token {token}"})  # some are made to have none
        answered[response.status_code] += 1
        # No description says which texts are phone numbers and languages; the token is a good one.
        unasked = [positive_data_acceptance, negative_data_rejection, ignored_auth]
        case.validate_response(response, excluded_checks=unasked)
        assert b"Traceback" not in response.content
