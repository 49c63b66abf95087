"""The admin's navigation: unfold calls navigation() for every page."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from classification import reviewing

# group → (title, Material Symbols icon, app_label, model, and the page where it is not the list)
GROUPS: dict[str, list[tuple[str, ...]]] = {
    "Conversations": [
        ("Batches", "forum", "batches", "batch"),
        ("Messages", "sms", "batches", "message"),
        ("Replies", "outgoing_mail", "replies", "reply"),
        ("Classifications", "psychology", "classification", "classification"),
        ("Senders", "contacts", "batches", "senderpreference"),
        ("Taken over", "person_raised_hand", "batches", "takeover"),
        ("Consent", "how_to_reg", "replies", "consent"),
        ("Report", "bar_chart", "batches", "batch", "report"),
    ],
    "Quality": [
        ("Review", "rate_review", "batches", "batch", "review"),
        ("Corrections", "fact_check", "classification", "correction"),
        ("Accuracy", "target", "classification", "correction", "accuracy"),
    ],
    "Understanding": [
        ("Draft", "difference", "classification", "rule", "draft"),
        ("Playground", "science", "classification", "rule", "playground"),
        ("Categories", "category", "classification", "category"),
        ("Rules", "rule", "classification", "rule"),
        ("Lexicon", "dictionary", "classification", "lexiconentry"),
        ("Rule sets", "deployed_code_history", "classification", "ruleset"),
    ],
    "Trouble": [
        ("Stop replies", "front_hand", "replies", "switch"),
        ("Muted senders", "volume_off", "replies", "mute"),
        ("Spool", "inbox", "batches", "message", "spool"),
        ("Rejected deliveries", "block", "batches", "rejecteddelivery"),
        ("Model circuits", "electrical_services", "classification", "circuit"),
        ("Failed tasks", "error", "django_q", "failure"),
        ("Failed log-ins", "lock", "axes", "accessattempt"),
    ],
    "Settings": [
        ("Channels", "cell_tower", "batches", "channel"),
        ("Templates", "chat_paste_go", "replies", "template"),
        ("Keywords", "key_visualizer", "batches", "keyword"),
        ("Ceilings", "speed", "classification", "ceiling"),
        ("Prices", "payments", "classification", "price"),
        ("Schedules", "schedule", "django_q", "schedule"),
        ("Users", "person", "auth", "user"),
        ("Groups", "group", "auth", "group"),
    ],
}
# The permission that a page needs where it is not to view the model, and the number beside its entry.
NEEDED = {"review": "classification.add_correction"}
COUNTED = {"review": reviewing.about}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups with what this user may see. Of pages that lie below one another the innermost is where he is."""
    groups: list[dict[str, Any]] = [
        {
            "title": title,
            "separator": True,
            "items": [_item(*page) for page in pages if _seen(request, *page)],
        }
        for title, pages in GROUPS.items()
    ]
    items = [item for group in groups for item in group["items"]]
    here = max((item["link"] for item in items if request.path.startswith(item["link"])), key=len, default="")
    for item in items:
        item["active"] = item["link"] == here
    return groups


def _seen(
    request: HttpRequest, _title: str, _icon: str, app: str, model: str, page: str = "changelist"
) -> bool:
    return request.user.has_perm(NEEDED.get(page, f"{app}.view_{model}"))


def _item(title: str, icon: str, app: str, model: str, page: str = "changelist") -> dict[str, Any]:
    item = {"title": title, "icon": icon, "link": reverse(f"admin:{app}_{model}_{page}")}
    return item | {"badge": COUNTED[page](), "badge_variant": "primary"} if page in COUNTED else item
