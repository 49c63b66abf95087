# What is there is looked at in 0004: this one holds the table.

from django.db import migrations, models

from classification.online import AddCheck


class Migration(migrations.Migration):

    dependencies = [
        ('classification', '0001_initial'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='classification',
            name='classification_review_known',
        ),
        migrations.AlterField(
            model_name='classification',
            name='review',
            field=models.CharField(blank=True, choices=[('', '–'), ('not_sure', 'The rules are not sure'), ('disagreement', 'Rules and model disagree'), ('injection', 'Written to steer the model'), ('opt_out', 'Sounds like an opt-out'), ('vip', 'From a VIP'), ('sample', 'Random sample')], help_text='Why a person should look at it; empty: no need.', max_length=16),
        ),
        AddCheck(
            model_name='classification',
            constraint=models.CheckConstraint(condition=models.Q(('review__in', ['', 'not_sure', 'disagreement', 'injection', 'opt_out', 'vip', 'sample'])), name='classification_review_known'),
        ),
    ]
