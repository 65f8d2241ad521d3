from django.db import migrations, models
import django.db.models.deletion

FILL = """
UPDATE org_mandate SET recorded_in_id = s.unit_id FROM org_staff s WHERE recorded_by = 'staff:' || s.account_id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("org", "0002_region_edited"),
    ]

    operations = [
        migrations.AddField(
            model_name="mandate",
            name="recorded_in",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="org.unit"
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
