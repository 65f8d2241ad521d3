"""A corrected document says which parts it words otherwise than the one it replaces."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("documents", "0004_erasable")]
    operations = [migrations.AddField("issued", "corrected", models.JSONField(db_default=[], default=list))]
