"""A document given out stays as it was: only a revocation may change its row, and what it says may be erased; none may delete it."""

from django.db import migrations

FROZEN = """
CREATE OR REPLACE FUNCTION documents_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept documents_issued;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        kept := NEW;
        IF OLD.state = 'valid' AND NEW.state = 'revoked' THEN
            kept.state := OLD.state;
            kept.revoked_at := OLD.revoked_at;
            kept.revoked_by := OLD.revoked_by;
            kept.revoked_reason := OLD.revoked_reason;
        ELSIF length(NEW.content) = 0 THEN
            kept.content := OLD.content;
        END IF;
        IF kept IS NOT DISTINCT FROM OLD AND NEW IS DISTINCT FROM OLD THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'documents: % of document % is refused', TG_OP, OLD.number USING ERRCODE = 'insufficient_privilege';
END $$;
"""
BEFORE = """
CREATE OR REPLACE FUNCTION documents_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""


class Migration(migrations.Migration):
    dependencies = [("documents", "0003_replaces")]
    operations = [migrations.RunSQL(FROZEN, BEFORE)]
