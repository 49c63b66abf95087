# What reads tables through (the new CHECKs of what is there, an index) comes in 0008 and 0009: this one holds them.

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from classification.online import AddCheck


class Migration(migrations.Migration):

    dependencies = [
        ('batches', '0005_policy'),
    ]

    operations = [
        migrations.CreateModel(
            name='Takeover',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sender', models.CharField(max_length=255)),
                ('actor', models.CharField(max_length=64, verbose_name='by')),
                ('note', models.CharField(blank=True, max_length=500)),
                ('began_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('until', models.DateTimeField(help_text='UTC; from then on the machine answers again.')),
                ('ended_at', models.DateTimeField(help_text='Given back before that.', null=True)),
                ('ended_by', models.CharField(blank=True, db_default='', max_length=64)),
            ],
            options={
                'verbose_name': 'conversation taken over',
                'verbose_name_plural': 'conversations taken over',
                'ordering': ['-id'],
                'permissions': [('take_over', 'Can take conversations over and give them back')],
            },
        ),
        migrations.RemoveConstraint(
            model_name='batch',
            name='batch_outcome_known',
        ),
        migrations.RemoveConstraint(
            model_name='batchevent',
            name='event_kind_known',
        ),
        migrations.AddField(
            model_name='batch',
            name='carry_overs',
            field=models.SmallIntegerField(db_default=0, help_text="How many earlier batches' texts are answered with it."),
        ),
        migrations.AddField(
            model_name='batch',
            name='successor',
            field=models.ForeignKey(db_index=False, help_text="The later batch that answers this one's texts with its own.", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='predecessors', to='batches.batch'),
        ),
        migrations.AddField(
            model_name='batch',
            name='window_ends_at',
            field=models.DateTimeField(help_text='Where the adaptive window moved closes_at: what it was when the batch opened.', null=True),
        ),
        migrations.AlterField(
            model_name='batch',
            name='outcome',
            field=models.CharField(blank=True, choices=[('', '–'), ('replied', 'Replied'), ('disabled', 'Auto-reply off'), ('suppressed', 'Reply suppressed'), ('superseded', 'Answered with a later batch'), ('refused', 'Refused by the provider'), ('unknown', 'Unknown whether sent'), ('held', 'Held for a person'), ('undecided', 'No engine could decide'), ('error', 'Processing failed')], db_default='', max_length=12),
        ),
        migrations.AlterField(
            model_name='batchevent',
            name='kind',
            field=models.CharField(choices=[('opened', 'Opened'), ('message_added', 'Message added'), ('flagged', 'Flagged'), ('command', 'Command taken'), ('closed', 'Closed'), ('claimed', 'Claimed for processing'), ('classified', 'Classified'), ('reply_created', 'Reply written'), ('reply_suppressed', 'Reply suppressed'), ('reply_withdrawn', 'Reply withdrawn before it was sent'), ('reply_sending', 'Reply handed to the provider'), ('reply_sent', 'Reply sent'), ('reply_refused', 'Reply refused'), ('reply_unknown', 'Unknown whether the reply was sent'), ('reply_postponed', 'Reply postponed'), ('reply_requeued', 'Reply to be sent again'), ('completed', 'Completed'), ('failed', 'Failed'), ('requeued', 'Queued again'), ('outcome_corrected', 'Outcome corrected'), ('confirmed', 'Label confirmed by a person'), ('corrected', 'Label corrected by a person'), ('reopened', 'Reopened for a correcting reply'), ('carried_over', 'Earlier batch carried over'), ('changed_mind', 'Change of mind'), ('taken_over', 'Taken over by a person'), ('given_back', 'Given back to the machine'), ('window_changed', 'Window changed'), ('window_shadow', 'Adaptive window, tried only')], max_length=20),
        ),
        AddCheck(
            model_name='batch',
            constraint=models.CheckConstraint(condition=models.Q(('outcome__in', ['', 'replied', 'disabled', 'suppressed', 'superseded', 'refused', 'unknown', 'held', 'undecided', 'error'])), name='batch_outcome_known'),
        ),
        AddCheck(
            model_name='batchevent',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['opened', 'message_added', 'flagged', 'command', 'closed', 'claimed', 'classified', 'reply_created', 'reply_suppressed', 'reply_withdrawn', 'reply_sending', 'reply_sent', 'reply_refused', 'reply_unknown', 'reply_postponed', 'reply_requeued', 'completed', 'failed', 'requeued', 'outcome_corrected', 'confirmed', 'corrected', 'reopened', 'carried_over', 'changed_mind', 'taken_over', 'given_back', 'window_changed', 'window_shadow'])), name='event_kind_known'),
        ),
        migrations.AddField(
            model_name='takeover',
            name='channel',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='batches.channel'),
        ),
        migrations.AddIndex(
            model_name='takeover',
            index=models.Index(condition=models.Q(('ended_at__isnull', True)), fields=['sender'], name='takeover_in_force'),
        ),
    ]
