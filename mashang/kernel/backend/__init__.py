"""Django's backend for PostgreSQL, with instants read quickly (settings.DATABASES names it as ENGINE)."""
