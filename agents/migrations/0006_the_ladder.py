"""The ladder: where each agent stands, every step, what limits them; who had other than three seats keeps them."""

import django.core.validators
import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models


FINAL = """
CREATE FUNCTION agents_step_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a step on the ladder is never changed or deleted' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER agents_ladderstep_final BEFORE UPDATE OR DELETE ON agents_ladderstep
    FOR EACH ROW EXECUTE FUNCTION agents_step_is_final();
"""
NOT_FINAL = """
DROP TRIGGER agents_ladderstep_final ON agents_ladderstep;
DROP FUNCTION agents_step_is_final();
"""


def keep_what_was_set(apps, schema_editor):
    """Until now an administrator set the seats themselves."""
    agents = apps.get_model("agents", "Agent").objects.exclude(seats=3)
    agents.update(fixed_seats=models.F("seats"))


class Migration(migrations.Migration):

    dependencies = [
        ('agents', '0005_outside_bodies'),
        ('policies', '0004_tallies'),
    ]

    operations = [
        migrations.CreateModel(
            name='EarlierRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('chats', models.PositiveIntegerField(help_text='Before this program. They count for the next rungs as if they had been held here.', validators=[django.core.validators.MaxValueValidator(1000000)], verbose_name='finished chats')),
                ('rated', models.PositiveIntegerField(default=0, help_text='How many of them the residents rated.', verbose_name='of these rated')),
                ('satisfied', models.PositiveIntegerField(default=0, help_text='Over the rated ones this is the satisfaction.', verbose_name='of these rated 4 or 5')),
                ('first_response_seconds', models.PositiveIntegerField(blank=True, help_text='The mean, from the moment the chat was offered. Empty: not known.', null=True, validators=[django.core.validators.MaxValueValidator(3600)], verbose_name='first response, in seconds')),
            ],
            options={
                'verbose_name': 'record from before',
                'verbose_name_plural': 'records from before',
            },
        ),
        migrations.CreateModel(
            name='HistoricalEarlierRecord',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('chats', models.PositiveIntegerField(help_text='Before this program. They count for the next rungs as if they had been held here.', validators=[django.core.validators.MaxValueValidator(1000000)], verbose_name='finished chats')),
                ('rated', models.PositiveIntegerField(default=0, help_text='How many of them the residents rated.', verbose_name='of these rated')),
                ('satisfied', models.PositiveIntegerField(default=0, help_text='Over the rated ones this is the satisfaction.', verbose_name='of these rated 4 or 5')),
                ('first_response_seconds', models.PositiveIntegerField(blank=True, help_text='The mean, from the moment the chat was offered. Empty: not known.', null=True, validators=[django.core.validators.MaxValueValidator(3600)], verbose_name='first response, in seconds')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical record from before',
                'verbose_name_plural': 'historical records from before',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='LadderStanding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rung', models.PositiveSmallIntegerField(default=0)),
                ('binding', models.CharField(choices=[('rung', 'rung'), ('maximum', 'maximum'), ('trainee', 'trainee'), ('restriction', 'restriction'), ('fixed', 'fixed'), ('no_ladder', 'no_ladder')], max_length=11)),
                ('is_below', models.BooleanField(default=False)),
                ('down_at_chats', models.PositiveIntegerField(blank=True, null=True)),
                ('chats', models.PositiveIntegerField(default=0)),
                ('rated', models.PositiveIntegerField(default=0)),
                ('satisfied', models.PositiveIntegerField(default=0)),
                ('first_response', models.DurationField(blank=True, null=True)),
                ('window_chats', models.PositiveIntegerField(default=0)),
                ('window_rated', models.PositiveIntegerField(default=0)),
                ('window_satisfied', models.PositiveIntegerField(default=0)),
                ('window_first_response', models.DurationField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='LadderStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('kind', models.CharField(choices=[('up', 'A step up'), ('down', 'A step down'), ('placed', 'Placed by a ladder that was new or had changed'), ('limit', 'Another limit')], max_length=6)),
                ('seats_before', models.PositiveSmallIntegerField()),
                ('seats_after', models.PositiveSmallIntegerField()),
                ('binding', models.CharField(max_length=11)),
                ('rule', models.CharField(blank=True, max_length=20)),
                ('figures', models.JSONField(default=dict)),
                ('why', models.CharField(blank=True, max_length=300)),
            ],
            options={
                'ordering': ['-at', '-pk'],
            },
        ),
        migrations.AddField(
            model_name='agent',
            name='fixed_seats',
            field=models.PositiveSmallIntegerField(blank=True, help_text='So many chats at once, whatever the ladder says; the conformance page shows it as a departure from EM-CAP. Fewer than are held now: those stay, no new one is given. Empty: as the ladder says.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000)], verbose_name='fixed number of chats'),
        ),
        migrations.AddField(
            model_name='agent',
            name='restricted_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='limited since'),
        ),
        migrations.AddField(
            model_name='agent',
            name='restricted_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='limited by'),
        ),
        migrations.AddField(
            model_name='agent',
            name='restricted_to',
            field=models.PositiveSmallIntegerField(blank=True, help_text='No more chats at once than this, as a supervisor has decided. Empty: not limited.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000)], verbose_name='limited to'),
        ),
        migrations.AddField(
            model_name='agent',
            name='restricted_why',
            field=models.CharField(blank=True, max_length=300, verbose_name='reason of the limit'),
        ),
        migrations.AddField(
            model_name='historicalagent',
            name='fixed_seats',
            field=models.PositiveSmallIntegerField(blank=True, help_text='So many chats at once, whatever the ladder says; the conformance page shows it as a departure from EM-CAP. Fewer than are held now: those stay, no new one is given. Empty: as the ladder says.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000)], verbose_name='fixed number of chats'),
        ),
        migrations.AddField(
            model_name='historicalagent',
            name='restricted_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='limited since'),
        ),
        migrations.AddField(
            model_name='historicalagent',
            name='restricted_by',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='limited by'),
        ),
        migrations.AddField(
            model_name='historicalagent',
            name='restricted_to',
            field=models.PositiveSmallIntegerField(blank=True, help_text='No more chats at once than this, as a supervisor has decided. Empty: not limited.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000)], verbose_name='limited to'),
        ),
        migrations.AddField(
            model_name='historicalagent',
            name='restricted_why',
            field=models.CharField(blank=True, max_length=300, verbose_name='reason of the limit'),
        ),
        migrations.AlterField(
            model_name='agent',
            name='seats',
            field=models.PositiveSmallIntegerField(default=3, help_text='How many chats at once are allowed now, from all that limits them. Chats that run stay.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000)], verbose_name='seats'),
        ),
        migrations.AlterField(
            model_name='historicalagent',
            name='seats',
            field=models.PositiveSmallIntegerField(default=3, help_text='How many chats at once are allowed now, from all that limits them. Chats that run stay.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000)], verbose_name='seats'),
        ),
        migrations.AddConstraint(
            model_name='agent',
            constraint=models.CheckConstraint(condition=models.Q(('fixed_seats__isnull', True), models.Q(('fixed_seats__gte', 1), ('fixed_seats__lte', 1000)), _connector='OR'), name='agents_agent_fixed_seats_in_range'),
        ),
        migrations.AddConstraint(
            model_name='agent',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('restricted_at__isnull', True), ('restricted_by__isnull', True), ('restricted_to__isnull', True), ('restricted_why', '')), models.Q(('restricted_at__isnull', False), ('restricted_to__gte', 1), ('restricted_to__lte', 1000), models.Q(('restricted_why', ''), _negated=True)), _connector='OR'), name='agents_agent_restriction_is_whole'),
        ),
        migrations.AddField(
            model_name='earlierrecord',
            name='agent',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='earlier', to='agents.agent', verbose_name='agent'),
        ),
        migrations.AddField(
            model_name='historicalearlierrecord',
            name='agent',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='agents.agent', verbose_name='agent'),
        ),
        migrations.AddField(
            model_name='historicalearlierrecord',
            name='history_user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='ladderstanding',
            name='agent',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='standing', to='agents.agent'),
        ),
        migrations.AddField(
            model_name='ladderstanding',
            name='version',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='policies.ruleversion'),
        ),
        migrations.AddField(
            model_name='ladderstep',
            name='agent',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='agents.agent'),
        ),
        migrations.AddField(
            model_name='ladderstep',
            name='by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='ladderstep',
            name='version',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='policies.ruleversion'),
        ),
        migrations.AddConstraint(
            model_name='earlierrecord',
            constraint=models.CheckConstraint(condition=models.Q(('chats__gte', models.F('rated')), ('rated__gte', models.F('satisfied'))), name='agents_earlier_adds_up'),
        ),
        migrations.AddConstraint(
            model_name='ladderstanding',
            constraint=models.CheckConstraint(condition=models.Q(('binding__in', ['rung', 'maximum', 'trainee', 'restriction', 'fixed', 'no_ladder'])), name='agents_standing_binding_known'),
        ),
        migrations.AddIndex(
            model_name='ladderstep',
            index=models.Index(fields=['agent', '-at'], name='agents_step_of_agent'),
        ),
        migrations.AddConstraint(
            model_name='ladderstep',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['up', 'down', 'placed', 'limit'])), name='agents_step_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='ladderstep',
            constraint=models.CheckConstraint(condition=models.Q(('seats_after__gte', 1), ('seats_before__gte', 1)), name='agents_step_has_seats'),
        ),
        migrations.RunPython(keep_what_was_set, migrations.RunPython.noop),
        migrations.RunSQL(FINAL, NOT_FINAL),
    ]
