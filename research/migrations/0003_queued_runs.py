import common.domain.enums
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from common.append_only import remove
from research.apps import FINISHED_RUNS


def _fill_series(apps, schema_editor):
    # Finished rows are frozen; the triggers come back when all migrations are done.
    remove(schema_editor.connection, FINISHED_RUNS)
    runs = apps.get_model('research', 'Run').objects.all()
    dataset = apps.get_model('research', 'Dataset').objects.filter(pk=models.OuterRef('dataset_id'))
    runs.update(series_id=models.Subquery(dataset.values('series_id')[:1]))


class Migration(migrations.Migration):

    dependencies = [
        ('exchanges', '0001_initial'),
        ('research', '0002_engine_settings'),
        ('trading', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='run',
            name='research_run_success_has_facts',
        ),
        migrations.AddField(
            model_name='run',
            name='attempt',
            field=models.PositiveSmallIntegerField(default=0, help_text='How often it was begun; a run whose worker is lost begins anew once'),
        ),
        migrations.AddField(
            model_name='run',
            name='cancel_requested_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='run',
            name='lease_until',
            field=models.DateTimeField(help_text='Until when its worker has it, which extends this; none of a run at a terminal', null=True),
        ),
        migrations.AddField(
            model_name='run',
            name='progress',
            field=models.FloatField(default=0.0, help_text='Fraction done'),
        ),
        migrations.AddField(
            model_name='run',
            name='question',
            field=models.JSONField(default=dict, help_text='As it was put to the queue'),
        ),
        migrations.AddField(
            model_name='run',
            name='series',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='exchanges.series'),
        ),
        migrations.RunPython(_fill_series, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='run',
            name='series',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='exchanges.series'),
        ),
        migrations.AlterField(
            model_name='run',
            name='code_hash',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AlterField(
            model_name='run',
            name='dataset',
            field=models.ForeignKey(blank=True, help_text='The stretch of the series; not known before its bars are read', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='research.dataset'),
        ),
        migrations.AlterField(
            model_name='run',
            name='engine_version',
            field=models.CharField(blank=True, max_length=32),
        ),
        migrations.AlterField(
            model_name='run',
            name='input_hash',
            field=models.CharField(blank=True, help_text='Equal inputs, equal hash', max_length=64),
        ),
        migrations.AlterField(
            model_name='run',
            name='instrument_sizes',
            field=models.JSONField(default=dict, help_text='Lot, tick and minimum notional that applied'),
        ),
        migrations.AlterField(
            model_name='run',
            name='provenance',
            field=models.JSONField(default=dict, help_text='Platform version, git state, hashes of code and lock file, machine'),
        ),
        migrations.AlterField(
            model_name='run',
            name='trial_hash',
            field=models.CharField(blank=True, help_text='What counts as one trial of a strategy', max_length=64),
        ),
        migrations.AlterField(
            model_name='run',
            name='warm_up_hash',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AlterField(
            model_name='run',
            name='warm_up_rows',
            field=models.BigIntegerField(default=0, help_text='Bars before the period, not counted in it'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', common.domain.enums.RunStatus['SUCCEEDED']), _negated=True), models.Q(('dataset__isnull', False), ('error_code', ''), ('input_hash__gt', ''), ('n_fills__isnull', False), ('result_hash__gt', '')), _connector='OR'), name='research_run_success_has_facts'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', common.domain.enums.RunStatus['QUEUED']), _negated=True), models.Q(('owner', ''), ('started_at__isnull', True)), _connector='OR'), name='research_run_queued_has_no_owner'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', common.domain.enums.RunStatus['RUNNING']), _negated=True), models.Q(('owner__gt', ''), ('started_at__isnull', False)), _connector='OR'), name='research_run_running_has_an_owner'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.CheckConstraint(condition=models.Q(('lease_until__isnull', True), ('status', common.domain.enums.RunStatus['RUNNING']), _connector='OR'), name='research_run_lease_while_running'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.CheckConstraint(condition=models.Q(('progress__gte', 0.0), ('progress__lte', 1.0)), name='research_run_progress_is_a_fraction'),
        ),
    ]
