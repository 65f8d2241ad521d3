"""Case numbers: one sequence a prefix and year, so that no create waits for another's commit."""

from django.db import migrations

NEXT_NUMBER = """
CREATE FUNCTION cases_next_number(prefix text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  name text := format('%I', 'cases_no_' || prefix);
BEGIN
  IF to_regclass(name) IS NULL THEN
    BEGIN
      EXECUTE 'CREATE SEQUENCE ' || name;
    EXCEPTION WHEN unique_violation OR duplicate_table THEN
      NULL; -- another session made it in this moment, and has committed by now
    END;
  END IF;
  RETURN prefix || '-' || lpad(nextval(name::regclass)::text, 6, '0');
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial")]
    operations = [migrations.RunSQL(NEXT_NUMBER, "DROP FUNCTION cases_next_number(text)")]
