"""A bad second rating is a ground of supervision too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("supervision", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="matter",
            name="source",
            field=models.TextField(
                choices=[
                    ("overdue", "超期转督办"),
                    ("inspection", "督查发现"),
                    ("instruction", "领导交办"),
                    ("rating", "二次评价仍不满意"),
                ]
            ),
        ),
    ]
