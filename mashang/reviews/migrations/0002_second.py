"""One second rating of a service (二次评价), and whether what came of a rating was told."""

from django.db import migrations, models

KNOWN = """
UPDATE reviews_rating r SET second = true FROM (
  SELECT id, row_number() OVER (PARTITION BY case_id ORDER BY round) AS place FROM reviews_rating WHERE source = 'explicit'
) e WHERE e.id = r.id AND e.place = 2;
UPDATE reviews_rating r SET redress = f.redress FROM reviews_rating f
WHERE r.second AND f.case_id = r.case_id AND NOT f.second AND f.redress <> '' AND r.redress = '';
UPDATE reviews_rating SET followed_at = at WHERE second;
"""


class Migration(migrations.Migration):
    dependencies = [("reviews", "0001_initial")]
    operations = [
        migrations.AddField("rating", "second", models.BooleanField(default=False)),
        migrations.AddField("rating", "followed_at", models.DateTimeField(null=True)),
        migrations.RunSQL(KNOWN, migrations.RunSQL.noop),
        migrations.AddIndex(
            "rating",
            models.Index(fields=["redress"], name="rating_by_redress", condition=~models.Q(redress="")),
        ),
        migrations.AddConstraint(
            "rating",
            models.UniqueConstraint(fields=["case"], condition=models.Q(second=True), name="rating_second_once"),
        ),
    ]
