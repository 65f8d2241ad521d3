"""A corrected document names the revoked one in whose place it stands; each has one at most."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("documents", "0002_frozen")]
    operations = [
        migrations.AddField(
            "issued", "replaces", models.TextField(db_collation="C", db_default="", default=""), preserve_default=True
        ),
        migrations.AddConstraint(
            "issued",
            models.UniqueConstraint(
                fields=["replaces"], condition=~models.Q(replaces=""), name="document_replaced_once"
            ),
        ),
    ]
