"""Sessions, events, seats, connections and wordings."""

import django.db.models.deletion
import simple_history.models
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('agents', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ChatSession',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('topic', models.CharField(blank=True, max_length=100)),
                ('status', models.CharField(choices=[('queued', 'Waiting'), ('active', 'In conversation'), ('on_hold', 'On hold'), ('ended', 'Ended')], default='queued', max_length=10)),
                ('outcome', models.CharField(blank=True, choices=[('resolved', 'Resolved'), ('referred', 'Referred'), ('off_topic', 'Off topic'), ('conduct', 'Ended for conduct'), ('emergency', 'Emergency'), ('case_opened', 'Case opened'), ('customer_ended', 'Ended by the resident'), ('inactive', 'Resident went silent'), ('abandoned', 'Resident left the queue'), ('closed', 'Office closed')], max_length=20)),
                ('priority', models.SmallIntegerField(default=0)),
                ('customer_name', models.CharField(max_length=100)),
                ('customer_email', models.EmailField(blank=True, max_length=254)),
                ('customer_phone', models.CharField(blank=True, max_length=40)),
                ('token_digest', models.CharField(max_length=64, unique=True)),
                ('request_key', models.CharField(blank=True, db_index=True, max_length=64)),
                ('returning_key', models.CharField(blank=True, max_length=64)),
                ('address_key', models.CharField(blank=True, max_length=64)),
                ('last_seq', models.PositiveIntegerField(default=0)),
                ('requested_at', models.DateTimeField()),
                ('queued_at', models.DateTimeField()),
                ('requeued_at', models.DateTimeField(blank=True, null=True)),
                ('accepted_at', models.DateTimeField(blank=True, null=True)),
                ('first_answer_at', models.DateTimeField(blank=True, null=True)),
                ('customer_wrote_at', models.DateTimeField(blank=True, null=True)),
                ('agent_wrote_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('agent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sessions', to='agents.agent')),
                ('department', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agents.department')),
                ('language', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agents.language')),
            ],
        ),
        migrations.CreateModel(
            name='ChatEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seq', models.PositiveIntegerField()),
                ('uid', models.UUIDField()),
                ('kind', models.CharField(choices=[('message', 'Message'), ('notice', 'Notice'), ('joined', 'Agent joined'), ('ended', 'Ended')], max_length=12)),
                ('side', models.CharField(choices=[('customer', 'Customer'), ('agent', 'Agent'), ('system', 'System')], max_length=8)),
                ('name', models.CharField(blank=True, max_length=150)),
                ('text', models.TextField(blank=True)),
                ('is_changed', models.BooleanField(default=False)),
                ('at', models.DateTimeField()),
                ('rule', models.CharField(blank=True, max_length=20)),
                ('data', models.JSONField(blank=True, default=dict)),
                ('agent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agents.agent')),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='chat.chatsession')),
            ],
        ),
        migrations.CreateModel(
            name='Connection',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('instance', models.UUIDField(db_index=True)),
                ('address_key', models.CharField(blank=True, db_index=True, max_length=64)),
                ('opened_at', models.DateTimeField()),
                ('seen_at', models.DateTimeField()),
                ('agent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='connections', to='agents.agent')),
                ('session', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='connections', to='chat.chatsession')),
            ],
        ),
        migrations.CreateModel(
            name='HistoricalWording',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('kind', models.CharField(choices=[('greeting', 'Greeting when an agent accepts a chat'), ('collection', 'Notice of collection above the questions before a chat')], max_length=12, verbose_name='used for')),
                ('text', models.TextField(help_text='May hold {agent} (in greetings), {department}, {city} and {phone}. Takes effect with the next chat.', max_length=2000, verbose_name='text')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('department', models.ForeignKey(blank=True, db_constraint=False, help_text='Leave empty for all departments. A row with a department goes before one without.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='agents.department', verbose_name='department')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('language', models.ForeignKey(blank=True, db_constraint=False, help_text="Used for chats in this language. Without a row in the chat's language, the English one is used.", null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='agents.language', verbose_name='language')),
            ],
            options={
                'verbose_name': 'historical wording',
                'verbose_name_plural': 'historical wordings',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Seat',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('taken_at', models.DateTimeField()),
                ('agent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='held_seats', to='agents.agent')),
                ('session', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='seat', to='chat.chatsession')),
            ],
        ),
        migrations.CreateModel(
            name='Wording',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('greeting', 'Greeting when an agent accepts a chat'), ('collection', 'Notice of collection above the questions before a chat')], max_length=12, verbose_name='used for')),
                ('text', models.TextField(help_text='May hold {agent} (in greetings), {department}, {city} and {phone}. Takes effect with the next chat.', max_length=2000, verbose_name='text')),
                ('department', models.ForeignKey(blank=True, help_text='Leave empty for all departments. A row with a department goes before one without.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='agents.department', verbose_name='department')),
                ('language', models.ForeignKey(help_text="Used for chats in this language. Without a row in the chat's language, the English one is used.", on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agents.language', verbose_name='language')),
            ],
            options={
                'verbose_name': 'wording',
                'verbose_name_plural': 'wordings',
            },
        ),
        migrations.AddIndex(
            model_name='chatsession',
            index=models.Index(models.F('department'), models.OrderBy(models.F('requeued_at'), nulls_last=True), models.OrderBy(models.F('priority'), descending=True), models.F('queued_at'), models.F('id'), condition=models.Q(('status', 'queued')), name='chat_session_queue'),
        ),
        migrations.AddIndex(
            model_name='chatsession',
            index=models.Index(fields=['department', 'language', 'accepted_at'], name='chat_session_accepts'),
        ),
        migrations.AddIndex(
            model_name='chatsession',
            index=models.Index(fields=['agent', 'ended_at'], name='chat_session_desk'),
        ),
        migrations.AddIndex(
            model_name='chatsession',
            index=models.Index(fields=['address_key', 'requested_at'], name='chat_session_address'),
        ),
        migrations.AddConstraint(
            model_name='chatsession',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['queued', 'active', 'on_hold', 'ended'])), name='chat_session_status_known'),
        ),
        migrations.AddConstraint(
            model_name='chatsession',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', False), ('outcome__in', ['resolved', 'referred', 'off_topic', 'conduct', 'emergency', 'case_opened', 'customer_ended', 'inactive', 'abandoned', 'closed']), ('status', 'ended')), models.Q(models.Q(('status', 'ended'), _negated=True), ('ended_at__isnull', True), ('outcome', '')), _connector='OR'), name='chat_session_end_is_whole'),
        ),
        migrations.AddConstraint(
            model_name='chatsession',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['active', 'on_hold']), _negated=True), ('agent__isnull', False), _connector='OR'), name='chat_session_running_has_agent'),
        ),
        migrations.AddConstraint(
            model_name='chatevent',
            constraint=models.UniqueConstraint(fields=('session', 'seq'), name='chat_event_seq'),
        ),
        migrations.AddConstraint(
            model_name='chatevent',
            constraint=models.UniqueConstraint(fields=('session', 'uid'), name='chat_event_uid'),
        ),
        migrations.AddConstraint(
            model_name='chatevent',
            constraint=models.CheckConstraint(condition=models.Q(('seq__gte', 1)), name='chat_event_seq_from_one'),
        ),
        migrations.AddConstraint(
            model_name='chatevent',
            constraint=models.CheckConstraint(condition=models.Q(('side__in', ['customer', 'agent', 'system'])), name='chat_event_side_known'),
        ),
        migrations.AddConstraint(
            model_name='seat',
            constraint=models.UniqueConstraint(fields=('agent', 'number'), name='chat_seat_number'),
        ),
        migrations.AddConstraint(
            model_name='seat',
            constraint=models.CheckConstraint(condition=models.Q(('number__gte', 1), ('number__lte', 1000)), name='chat_seat_number_in_range'),
        ),
        migrations.AddConstraint(
            model_name='wording',
            constraint=models.UniqueConstraint(fields=('kind', 'department', 'language'), name='chat_wording_one_each', nulls_distinct=False, violation_error_message='There is already a text for this use, department and language. Edit that one.'),
        ),
    ]
