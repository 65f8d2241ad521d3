"""What was published stays as it was: the database refuses to change or delete a published version."""

from django.db import migrations

FROZEN = """
CREATE FUNCTION catalogue_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'catalogue: version % is published, % is refused', OLD.id, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER catalogue_version_frozen BEFORE UPDATE OR DELETE ON catalogue_version
FOR EACH ROW WHEN (OLD.published_at IS NOT NULL) EXECUTE FUNCTION catalogue_frozen();
"""
THAW = "DROP TRIGGER catalogue_version_frozen ON catalogue_version; DROP FUNCTION catalogue_frozen();"


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0001_initial")]
    operations = [migrations.RunSQL(FROZEN, THAW)]
