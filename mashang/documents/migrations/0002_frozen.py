"""A document given out stays as it was: only a revocation may change its row, none may delete it; files only grow."""

from django.db import migrations

FROZEN = """
CREATE FUNCTION documents_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept documents_issued;
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state = 'valid' AND NEW.state = 'revoked' THEN
        kept := NEW;
        kept.state := OLD.state;
        kept.revoked_at := OLD.revoked_at;
        kept.revoked_by := OLD.revoked_by;
        kept.revoked_reason := OLD.revoked_reason;
        IF kept IS NOT DISTINCT FROM OLD THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'documents: % of document % is refused', TG_OP, OLD.number USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER documents_issued_frozen BEFORE UPDATE OR DELETE ON documents_issued
FOR EACH ROW EXECUTE FUNCTION documents_frozen();

CREATE FUNCTION documents_file_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'documents: % of a file''s hash is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER documents_file_frozen BEFORE UPDATE OR DELETE ON documents_file
FOR EACH ROW EXECUTE FUNCTION documents_file_frozen();
"""
THAW = """
DROP TRIGGER documents_file_frozen ON documents_file; DROP FUNCTION documents_file_frozen();
DROP TRIGGER documents_issued_frozen ON documents_issued; DROP FUNCTION documents_frozen();
"""


class Migration(migrations.Migration):
    dependencies = [("documents", "0001_initial")]
    operations = [migrations.RunSQL(FROZEN, THAW)]
