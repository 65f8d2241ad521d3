"""A reported refusal may be taken back, or be overtaken by time."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("approvals", "0002_filled"),
    ]

    operations = [
        migrations.AlterField(
            model_name="refusal",
            name="state",
            field=models.TextField(
                choices=[
                    ("pending", "待确认"),
                    ("confirmed", "已确认"),
                    ("sent-back", "已退回"),
                    ("taken-back", "已撤回"),
                    ("overtaken", "逾期未确认"),
                ],
                default="pending",
            ),
        ),
    ]
