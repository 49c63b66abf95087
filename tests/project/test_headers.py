"""What browsers are told about the admin's pages, and that machines are told nothing of it."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from smsconsolidator.env import BASE_DIR

pytestmark = pytest.mark.django_db

POLICY = {
    "default-src 'none'",
    "script-src 'self' 'unsafe-eval'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}


@pytest.mark.parametrize("page", ["admin:login", "admin:index", "admin:batches_batch_changelist"])
def test_the_admins_pages_carry_the_policy(admin_client: Client, page: str) -> None:
    headers = admin_client.get(reverse(page)).headers
    assert set(headers["Content-Security-Policy"].split("; ")) == POLICY
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_whoever_types_the_servers_name_gets_to_the_admin(admin_client: Client) -> None:
    answer = admin_client.get("/", follow=True)
    assert answer.redirect_chain == [("/admin/", 302)]
    icon = re.search(r'rel="icon" href="/static/([^"]+)"', answer.content.decode())
    assert icon, "browsers would ask for /favicon.ico"
    assert finders.find(icon[1])


def test_errors_and_locked_doors_carry_it_too(admin_client: Client, client: Client) -> None:
    assert "Content-Security-Policy" in admin_client.get("/admin/no/such/page").headers
    for _ in range(5):
        answer = client.post(reverse("admin:login"), {"username": "x", "password": "y"})
    assert answer.status_code == 429
    assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize("address", ["/api/webhook/sms-received", "/healthz", "/readyz"])
def test_machines_pass_the_admins_middleware_by(admin_client: Client, address: str) -> None:
    answer = admin_client.get(address)
    assert "Content-Security-Policy" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert answer.cookies == {}
    assert not hasattr(answer.wsgi_request, "session")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_forged_forms_are_refused(admin_user: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin_user)
    assert strict.post(reverse("admin:logout")).status_code == 403


def test_no_template_of_ours_has_a_script_or_a_handler_in_it() -> None:
    apps = ("batches", "replies", "classification")
    templates = [path for app in apps for path in Path(BASE_DIR / app).rglob("*.html")]
    assert templates
    for path in templates:
        assert not re.search(r"<script|\son\w+=|javascript:|\sstyle=", path.read_text("utf-8")), path
