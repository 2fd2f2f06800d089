"""Back-up plans with their switch and drills, and notices of incidents."""

import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models


FINAL = """
CREATE FUNCTION agents_row_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a row of % is never changed or deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER agents_backupturn_final BEFORE UPDATE OR DELETE ON agents_backupturn
    FOR EACH ROW EXECUTE FUNCTION agents_row_is_final();
CREATE TRIGGER agents_drill_final BEFORE UPDATE OR DELETE ON agents_drill
    FOR EACH ROW EXECUTE FUNCTION agents_row_is_final();
"""
NOT_FINAL = """
DROP TRIGGER agents_drill_final ON agents_drill;
DROP TRIGGER agents_backupturn_final ON agents_backupturn;
DROP FUNCTION agents_row_is_final();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('agents', '0006_the_ladder'),
        ('policies', '0004_tallies'),
    ]

    operations = [
        migrations.CreateModel(
            name='BackupPlan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('chat', 'Live chat'), ('web', 'Web form'), ('phone', 'Phone'), ('counter', 'Counter'), ('email', 'E-mail'), ('fax', 'Fax'), ('mail', 'Mail'), ('social', 'Social media'), ('sms', 'Text message'), ('open311', 'Open311')], help_text='One plan for each channel.', max_length=10, unique=True, verbose_name='channel')),
                ('phone', models.CharField(blank=True, help_text='Shown to residents while the back-up mode is on.', max_length=40, verbose_name='back-up phone')),
                ('page', models.URLField(blank=True, help_text='The address of a form that works without this channel; shown to residents in the same places.', verbose_name='back-up form')),
            ],
            options={
                'verbose_name': 'back-up plan',
                'verbose_name_plural': 'back-up plans',
                'ordering': ['channel'],
                'constraints': [models.CheckConstraint(condition=models.Q(('channel__in', ['chat', 'web', 'phone', 'counter', 'email', 'fax', 'mail', 'social', 'sms', 'open311'])), name='agents_backupplan_channel_known'), models.CheckConstraint(condition=models.Q(('page', ''), ('phone', ''), _negated=True), name='agents_backupplan_leads_somewhere')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalBackupPerson',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('role', models.CharField(help_text='What they do when the back-up mode is turned on, and in a drill.', max_length=150, verbose_name='role')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ('plan', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='agents.backupplan', verbose_name='plan')),
            ],
            options={
                'verbose_name': 'historical person of a back-up plan',
                'verbose_name_plural': 'historical people of back-up plans',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalBackupPlan',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('channel', models.CharField(choices=[('chat', 'Live chat'), ('web', 'Web form'), ('phone', 'Phone'), ('counter', 'Counter'), ('email', 'E-mail'), ('fax', 'Fax'), ('mail', 'Mail'), ('social', 'Social media'), ('sms', 'Text message'), ('open311', 'Open311')], db_index=True, help_text='One plan for each channel.', max_length=10, verbose_name='channel')),
                ('phone', models.CharField(blank=True, help_text='Shown to residents while the back-up mode is on.', max_length=40, verbose_name='back-up phone')),
                ('page', models.URLField(blank=True, help_text='The address of a form that works without this channel; shown to residents in the same places.', verbose_name='back-up form')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical back-up plan',
                'verbose_name_plural': 'historical back-up plans',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalBackupText',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('text', models.TextField(help_text='Why the channel is not there and what to do; phone and form stand below it.', max_length=500, verbose_name='text')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('language', models.ForeignKey(blank=True, db_constraint=False, help_text="Without a text in the resident's language the English one is shown.", null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='agents.language', verbose_name='language')),
                ('plan', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='agents.backupplan', verbose_name='plan')),
            ],
            options={
                'verbose_name': 'historical text of a back-up plan',
                'verbose_name_plural': 'historical texts of back-up plans',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Incident',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_at', models.DateTimeField(verbose_name='from')),
                ('ends_at', models.DateTimeField(help_text='From then on nobody reads it any more.', verbose_name='until')),
                ('posted_at', models.DateTimeField(verbose_name='posted')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended early')),
                ('department', models.ForeignKey(blank=True, help_text='Whose residents read it. Empty: those of every department.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='incidents', to='agents.department', verbose_name='department')),
                ('ended_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='ended by')),
                ('posted_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='posted by')),
            ],
            options={
                'verbose_name': 'incident notice',
                'verbose_name_plural': 'incident notices',
                'ordering': ['-starts_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='IncidentText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField(max_length=500)),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='texts', to='agents.incident')),
                ('language', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agents.language')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='BackupPerson',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(help_text='What they do when the back-up mode is turned on, and in a drill.', max_length=150, verbose_name='role')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='people', to='agents.backupplan', verbose_name='plan')),
            ],
            options={
                'verbose_name': 'person of a back-up plan',
                'verbose_name_plural': 'people of back-up plans',
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('plan', 'person'), name='agents_backupperson_once', violation_error_message='This person is named already. Add to their role.')],
            },
        ),
        migrations.CreateModel(
            name='BackupText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField(help_text='Why the channel is not there and what to do; phone and form stand below it.', max_length=500, verbose_name='text')),
                ('language', models.ForeignKey(help_text="Without a text in the resident's language the English one is shown.", on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agents.language', verbose_name='language')),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='texts', to='agents.backupplan', verbose_name='plan')),
            ],
            options={
                'verbose_name': 'text of a back-up plan',
                'verbose_name_plural': 'texts of back-up plans',
                'ordering': ['language'],
                'constraints': [models.UniqueConstraint(fields=('plan', 'language'), name='agents_backuptext_once', violation_error_message='There is already a text in this language. Edit that one.')],
            },
        ),
        migrations.CreateModel(
            name='BackupTurn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_on', models.BooleanField()),
                ('at', models.DateTimeField()),
                ('why', models.CharField(max_length=300)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='turns', to='agents.backupplan')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='policies.ruleversion')),
            ],
            options={
                'ordering': ['-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('why', ''), _negated=True), name='agents_backupturn_says_why')],
            },
        ),
        migrations.CreateModel(
            name='Drill',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('held_on', models.DateField()),
                ('result', models.TextField()),
                ('next_due_on', models.DateField()),
                ('noted_at', models.DateTimeField()),
                ('noted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('participants', models.ManyToManyField(related_name='+', to=settings.AUTH_USER_MODEL)),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='drills', to='agents.backupplan')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='policies.ruleversion')),
            ],
            options={
                'verbose_name': 'drill',
                'verbose_name_plural': 'drills',
                'ordering': ['-held_on', '-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('result', ''), _negated=True), name='agents_drill_has_result'), models.CheckConstraint(condition=models.Q(('next_due_on__gt', models.F('held_on'))), name='agents_drill_due_after')],
            },
        ),
        migrations.AddIndex(
            model_name='incident',
            index=models.Index(condition=models.Q(('ended_at__isnull', True)), fields=['ends_at'], name='agents_incident_not_ended'),
        ),
        migrations.AddConstraint(
            model_name='incident',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='agents_incident_ends_after_start'),
        ),
        migrations.AddConstraint(
            model_name='incident',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('ended_by__isnull', True)), models.Q(('ended_at__isnull', False), ('ended_by__isnull', False)), _connector='OR'), name='agents_incident_ended_by_whom'),
        ),
        migrations.AddConstraint(
            model_name='incidenttext',
            constraint=models.UniqueConstraint(fields=('incident', 'language'), name='agents_incidenttext_once'),
        ),
        migrations.AddConstraint(
            model_name='incidenttext',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='agents_incidenttext_says_something'),
        ),
        migrations.RunSQL(FINAL, NOT_FINAL),
    ]
