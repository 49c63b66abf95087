"""django-q2's own pages in unfold's look, to read only: the rows of our batches say what is to be done."""

from django.contrib import admin
from django_q import admin as django_q
from django_q.models import Failure, OrmQ, Schedule, Success
from unfold.admin import ModelAdmin

from classification.record_admin import ReadOnly

PAGES = {
    Failure: django_q.FailAdmin,
    OrmQ: django_q.QueueAdmin,  # registered only with the ORM broker
    Schedule: django_q.ScheduleAdmin,
    Success: django_q.TaskAdmin,
}

for model, page in PAGES.items():
    if admin.site.is_registered(model):
        admin.site.unregister(model)
        looks = {"actions": (), "list_filter": ["cluster"] if model is not OrmQ else ["key"]}
        admin.site.register(model, type(page.__name__, (ReadOnly, ModelAdmin, page), looks))
