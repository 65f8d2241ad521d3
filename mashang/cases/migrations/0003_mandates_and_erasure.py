"""A file may belong to a mandate, and may be erased while its row stays."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0002_numbers"),
        ("org", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="case",
            name="erased_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.RemoveIndex(
            model_name="document",
            name="document_unattached",
        ),
        migrations.AddField(
            model_name="document",
            name="erased_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="document",
            name="mandate",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="org.mandate",
            ),
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(
                condition=models.Q(("case", None), ("mandate", None)), fields=["at"], name="document_unattached"
            ),
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(
                condition=models.Q(("mandate__isnull", False)), fields=["mandate"], name="document_by_mandate"
            ),
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(fields=["digest"], name="document_by_digest"),
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(
                condition=models.Q(
                    models.Q(("erased_at", None), _negated=True), models.Q(("digest", ""), _negated=True)
                ),
                fields=["erased_at"],
                name="document_erased",
            ),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.CheckConstraint(
                condition=models.Q(("case", None), ("mandate", None), _connector="OR"), name="document_of_one_thing"
            ),
        ),
    ]
