from mashang.site.cli import app

app(prog_name="mashang")
