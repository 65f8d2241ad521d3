"""Corrections wait for a second person; what is asked never changes, what is decided is decided, nothing is taken away."""

import django.db.models.deletion
from django.db import migrations, models

KEEP = """
CREATE FUNCTION performance_correction_keep() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept performance_correction;
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state = 'asked' AND NEW.state IN ('approved', 'refused') THEN
        kept := NEW;
        kept.state := OLD.state;
        kept.decided_at := OLD.decided_at;
        kept.decided_by := OLD.decided_by;
        kept.answer := OLD.answer;
        kept.made_id := OLD.made_id;
        IF kept IS NOT DISTINCT FROM OLD THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'performance: a correction is decided once and otherwise stays as it is (%)', TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER performance_correction_keep BEFORE UPDATE OR DELETE ON performance_correction
    FOR EACH ROW EXECUTE FUNCTION performance_correction_keep();
"""
UNDO = """
DROP TRIGGER performance_correction_keep ON performance_correction;
DROP FUNCTION performance_correction_keep();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("org", "0001_initial"),
        ("performance", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Correction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("value", models.FloatField()),
                ("evidence", models.CharField(max_length=300)),
                ("reason", models.CharField(max_length=300)),
                ("asked_at", models.DateTimeField()),
                ("asked_by", models.CharField(max_length=60)),
                (
                    "state",
                    models.CharField(
                        choices=[("asked", "待批"), ("approved", "已更正"), ("refused", "未同意")],
                        default="asked",
                        max_length=8,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.CharField(blank=True, default="", max_length=60)),
                ("answer", models.CharField(blank=True, default="", max_length=300)),
            ],
        ),
        migrations.AddConstraint(
            model_name="figure",
            constraint=models.CheckConstraint(
                condition=models.Q(("approved_by", models.F("reported_by")), _negated=True),
                name="performance_figure_second_person",
            ),
        ),
        migrations.AddField(
            model_name="correction",
            name="figure",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="corrections", to="performance.figure"
            ),
        ),
        migrations.AddField(
            model_name="correction",
            name="made",
            field=models.OneToOneField(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="performance.figure"
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "asked")), fields=("figure",), name="performance_correction_one_waits"
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("answer", ""),
                        ("decided_at__isnull", True),
                        ("decided_by", ""),
                        ("made__isnull", True),
                        ("state", "asked"),
                    ),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("made__isnull", False),
                        ("state", "approved"),
                        models.Q(("decided_by", ""), _negated=True),
                    ),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("made__isnull", True),
                        ("state", "refused"),
                        models.Q(("decided_by", ""), _negated=True),
                        models.Q(("answer", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="performance_correction_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(("decided_by", models.F("asked_by")), _negated=True),
                name="performance_correction_second_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("reason", ""), _negated=True), models.Q(("evidence", ""), _negated=True)),
                name="performance_correction_grounds",
            ),
        ),
        migrations.RunSQL(KEEP, UNDO),
    ]
