"""Published notices and rules, and moves on record, are never changed or taken away: the database itself refuses."""

from django.db import migrations

TABLES = ("clocks_notice", "clocks_rule", "clocks_revision", "clocks_move")
REFUSE = """
create function clocks_never_changed() returns trigger language plpgsql as $$
begin
  raise exception '% keeps every version: nothing in it is changed or deleted', tg_table_name
    using errcode = 'restrict_violation';
end $$;
""" + "\n".join(
    f"create trigger never_changed before update or delete on {table}"
    f" for each row execute function clocks_never_changed();"
    for table in TABLES
)
ALLOW = (
    "\n".join(f"drop trigger never_changed on {table};" for table in TABLES) + "\ndrop function clocks_never_changed();"
)


class Migration(migrations.Migration):
    dependencies = [("clocks", "0001_initial")]
    operations = [migrations.RunSQL(REFUSE, ALLOW)]
