"""Names of departments by language, for residents."""

import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('agents', '0009_whose_first_response'),
    ]

    operations = [
        migrations.AlterField(
            model_name='department',
            name='name',
            field=models.CharField(help_text='As staff read it, and residents for whose language there is no name below.', max_length=100, verbose_name='name'),
        ),
        migrations.AlterField(
            model_name='historicaldepartment',
            name='name',
            field=models.CharField(help_text='As staff read it, and residents for whose language there is no name below.', max_length=100, verbose_name='name'),
        ),
        migrations.CreateModel(
            name='HistoricalDepartmentName',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('name', models.CharField(help_text='Residents who read this language see it instead of the name above, from the next page or text.', max_length=100, verbose_name='name')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('department', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='agents.department', verbose_name='department')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('language', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='agents.language', verbose_name='language')),
            ],
            options={
                'verbose_name': 'historical name for residents',
                'verbose_name_plural': 'historical names for residents, by language',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='DepartmentName',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='Residents who read this language see it instead of the name above, from the next page or text.', max_length=100, verbose_name='name')),
                ('department', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='names', to='agents.department', verbose_name='department')),
                ('language', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agents.language', verbose_name='language')),
            ],
            options={
                'verbose_name': 'name for residents',
                'verbose_name_plural': 'names for residents, by language',
                'ordering': ['language'],
                'constraints': [models.UniqueConstraint(fields=('department', 'language'), name='agents_departmentname_once', violation_error_message='There is already a name in this language. Edit that one.'), models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='agents_departmentname_says_something')],
            },
        ),
    ]
