"""Senders' preferences in the admin: form, file, and the way there from a batch."""

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from batches.admin.preference_files import COLUMNS, MAX_BYTES, MAX_ROWS, Problem, carry_out, plan
from batches.models import SenderPreference
from tests.batches.conftest import SENDER, arrive, browser

pytestmark = pytest.mark.django_db
LIST = "admin:batches_senderpreference_changelist"
ADD = "admin:batches_senderpreference_add"
IMPORT = "admin:batches_senderpreference_import_file"


def problems(text: str) -> list[tuple[int, str]]:
    return [(problem.line, problem.field) for problem in plan(text.encode()).problems]


def names() -> dict[str, str]:
    return dict(SenderPreference.objects.values_list("number", "name"))


class TestFile:
    def test_it_adds_and_changes(self) -> None:
        SenderPreference.objects.create(number=SENDER, name="Ana", notes="knows us", window_seconds=5)
        SenderPreference.objects.create(number="+639181234567", name="Ben")
        found = plan(
            b"number,name,window_seconds,is_vip\n0917 123 4567,Anna,,yes\n+639181234567,Ben,,\n639191234567,Cy,0,x\n"
        )
        assert (len(found.new), len(found.changed), found.unchanged, found.problems) == (1, 1, 1, [])
        assert names() == {SENDER: "Ana", "+639181234567": "Ben"}
        carry_out(found)
        rows = {row.number: row for row in SenderPreference.objects.all()}
        ana, cy = rows[SENDER], rows["+639191234567"]
        assert (ana.name, ana.notes, ana.window_seconds, ana.is_vip) == ("Anna", "knows us", None, True)
        assert (cy.name, cy.window_seconds, cy.is_vip, cy.no_auto_replies) == ("Cy", 0, True, False)

    def test_it_tells_every_fault_with_its_line_and_field(self) -> None:
        text = (
            "number,name,language,window_seconds,no_auto_replies,notes\n"
            'GLOBE,"two\nlines",tagalog,901,maybe,\n'
            "\n"
            "+639171234567,Ana,fil,1.5,no,\n"
            "0917 123 4567,Ana,fil,5,no,\n"
            f"+639181234567,Ben,tl,-1,no,{'x' * 2001}\n"
        )
        assert sorted(problems(text)) == [
            (2, "language"),
            (2, "name"),
            (2, "no_auto_replies"),
            (2, "number"),
            (2, "window_seconds"),
            (5, "window_seconds"),
            (6, "number"),
            (7, "notes"),
            (7, "window_seconds"),
        ]

    def test_it_says_why(self) -> None:
        (found,) = plan(b"number,is_vip\n+639171234567,perhaps\n").problems
        assert found == Problem(2, "is_vip", "'perhaps' is neither yes nor no.")

    @pytest.mark.parametrize(
        ("content", "line"),
        [
            (b"", 1),
            (b"name\nAna\n", 1),
            (b"number,nmae\n", 1),
            (b"number,number\n", 1),
            (b"number\n", 2),
            (b"number,name\n+639171234567\n", 2),
            (b"number\n+639171234567\n\xff\n", 3),
            (b'number\n"+639171234567\n', 2),
            (b"number\n" + b"x" * MAX_BYTES, 1),
            (b"number\n" + b"+639171234567\n" * (MAX_ROWS + 1), MAX_ROWS + 2),
        ],
    )
    def test_it_takes_no_file_that_it_cannot_read(self, content: bytes, line: int) -> None:
        assert [(one.line, one.field) for one in plan(content).problems] == [(line, "")]

    def test_it_reads_semicolons_and_a_byte_order_mark(self) -> None:
        found = plan("\ufeffNumber;Name\n+639171234567;Ana, R.N.\n".encode())
        assert [(row.number, row.name) for row in found.new] == [(SENDER, "Ana, R.N.")]

    def test_what_was_exported_is_imported_unchanged(self) -> None:
        client = browser("operator")
        rows = [
            SenderPreference(number=SENDER, name="=HYPERLINK(1)", notes="-5\n+6;=7 ñ", is_vip=True),
            SenderPreference(number="+639181234567", language="tl", window_seconds=0, no_auto_replies=True),
        ]
        SenderPreference.objects.bulk_create(rows)
        data = {
            "action": "export_as_csv",
            "_selected_action": [row.pk for row in SenderPreference.objects.all()],
        }
        answer: Any = client.post(reverse(LIST), data)
        content = b"".join(answer.streaming_content)
        exported = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        assert exported[0] == COLUMNS
        assert exported[1][:2] == ["'+639171234567", "'=HYPERLINK(1)"]
        found = plan(content)
        assert (found.unchanged, found.new, found.changed, found.problems) == (2, [], [], [])

    def test_line_ends_of_notes_are_no_change(self) -> None:
        """Of whatever system the file comes, and also where a browser has sent the notes."""
        for end in ("\r\n", "\n", "\r"):
            found = plan(f'number,notes\n{SENDER},"two{end}lines"\n'.encode())
            carry_out(found)
            assert SenderPreference.objects.get().notes == "two\nlines"
            assert found.unchanged == (end != "\r\n")

    def test_it_names_a_character_that_cannot_be_stored(self) -> None:
        (found,) = plan(b"number,notes\n+639171234567,a\0b\n").problems
        assert found == Problem(2, "notes", "It holds a NUL, which cannot be stored.")

    def test_it_asks_two_questions_at_most(self, django_assert_max_num_queries: Any) -> None:
        lines = "".join(f"+63917{number:07}\n" for number in range(100))
        with django_assert_max_num_queries(2):
            assert len(plan(f"number\n{lines}".encode()).new) == 100


class TestImportPage:
    def upload(self, client: Client, text: str, act: str = "check") -> Any:
        file = SimpleUploadedFile("senders.csv", text.encode())
        return client.post(reverse(IMPORT), {"file": file, act: ""})

    def test_it_checks_then_imports_what_it_checked(self) -> None:
        client = browser("supervisor")
        page = self.upload(client, "number,name\n0917 123 4567,<b>Ana</b>\n")
        assert names() == {}
        assert "Nothing is wrong with it" in page.content.decode()
        answer = client.post(reverse(IMPORT), {"content": page.context["content"], "import": ""}, follow=True)
        assert names() == {SENDER: "<b>Ana</b>"}
        assert "1 new, 0 changed, 0 as they were." in answer.content.decode()

    def test_what_a_browser_makes_of_its_line_ends_changes_nothing(self) -> None:
        """The file may be as large, and a cell as long, as it may be."""
        notes = "\n".join(["x" * 99] * 20) + "x"
        row = f'{SENDER},"{notes}"\n'
        client, text = browser("supervisor"), f"number,notes\n{row}"
        page = self.upload(client, text + "\n" * (MAX_BYTES - len(text)))
        content = page.context["content"].replace("\n", "\r\n")
        client.post(reverse(IMPORT), {"content": content, "import": ""})
        assert SenderPreference.objects.get().notes == notes

    def test_it_reads_no_file_that_is_too_large(self) -> None:
        page = self.upload(browser("supervisor"), "number\n" + "+639171234567\n" * 40_000)
        assert page.context["form"].errors == {"file": ["The file has 560007 bytes; 400000 at most."]}
        assert page.context["plan"] is None

    def test_one_wrong_row_keeps_all_out(self) -> None:
        page = self.upload(browser("supervisor"), "number\n+639171234567\nGL<b>OBE\n", "import")
        text = page.content.decode()
        assert names() == {}
        assert "Nothing was stored" in text
        assert "<td>3</td><td>number</td>" in text

    def test_it_shows_the_first_hundred_problems(self) -> None:
        page = self.upload(browser("supervisor"), "number\n" + "GLOBE\n" * 103)
        assert "… and 3 more." in page.content.decode()

    def test_it_wants_a_file(self) -> None:
        assert "Choose a file." in browser("supervisor").post(reverse(IMPORT), {"check": ""}).content.decode()

    @pytest.mark.parametrize("role", ["viewer", "operator"])
    def test_it_is_for_supervisors(self, role: str) -> None:
        assert browser(role).get(reverse(IMPORT)).status_code == 403


class TestForm:
    def test_it_stores_one_spelling(self) -> None:
        client = browser("operator")
        data = {"number": "0917 123 4567", "name": "Ana", "language": "fil", "window_seconds": "0"}
        assert client.post(reverse(ADD), data).status_code == 302
        row = SenderPreference.objects.get()
        assert (row.number, row.language, row.window_seconds) == (SENDER, "tl", 0)

    @pytest.mark.parametrize(
        ("field", "value"), [("number", "GLOBE"), ("language", "tagalog"), ("window_seconds", "901")]
    )
    def test_it_names_what_is_wrong(self, field: str, value: str) -> None:
        page: Any = browser("operator").post(reverse(ADD), {"number": SENDER, field: value})
        assert list(page.context["adminform"].form.errors) == [field]

    def test_it_is_found_by_the_number_in_any_spelling(self, admin_client: Client) -> None:
        SenderPreference.objects.create(number=SENDER, name="<i>Ana</i>")
        for term in ("0917 123 4567", "Ana", "1234"):
            page = admin_client.get(reverse(LIST), {"q": term}).content.decode()
            assert "&lt;i&gt;Ana" in page
        assert "&lt;i&gt;Ana" not in admin_client.get(reverse(LIST), {"q": "0918"}).content.decode()

    def test_a_batch_leads_there(self) -> None:
        client, batch = browser("operator"), arrive("Yes")
        address = reverse("admin:batches_batch_preferences_of_sender", args=[batch.pk])
        assert address in client.get(reverse("admin:batches_batch_change", args=[batch.pk])).content.decode()
        there = client.get(address).headers["Location"]
        assert there == f"{reverse(ADD)}?number=%2B639171234567"
        assert 'value="+639171234567"' in client.get(there).content.decode()
        row = SenderPreference.objects.create(number=SENDER)
        assert client.get(address).headers["Location"].endswith(f"/{row.pk}/change/")

    def test_viewers_look(self) -> None:
        client, row = browser("viewer"), SenderPreference.objects.create(number=SENDER)
        assert client.get(reverse(LIST)).status_code == 200
        address = reverse("admin:batches_senderpreference_change", args=[row.pk])
        assert client.post(address, {"number": SENDER, "name": "x"}).status_code == 403
