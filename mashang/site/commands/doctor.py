"""`mashang doctor`: what Mashang needs, line by line, and what helps where it is missing."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import psycopg
import typer
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

from mashang.documents.rendering.fonts import families
from mashang.kernel import clock
from mashang.kernel.refused import Refused
from mashang.site import environment
from mashang.site.paths import KEYS, VAR
from mashang.site.place import find

DISK_BYTES, CLOCK_SECONDS, OLDEST_POSTGRES = 1_000_000_000, 5, 15


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    ok: bool
    text: str
    remedy: str = ""


def doctor() -> None:
    """检查运行环境；有问题时给出办法，并以非零退出。"""
    findings = examine()
    for finding in findings:
        mark = typer.style("正常 ok     ", fg="green") if finding.ok else typer.style("问题 problem", fg="red")
        typer.echo(f"{mark} {finding.what}：{finding.text}")
        if not finding.ok:
            typer.echo(f"             办法：{finding.remedy}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def examine() -> list[Finding]:
    """Every finding; what hangs on the folder is left out when nothing can be written there, on the database when there is none."""
    findings = [python(), zone(), fonts(), disk(), folder()]
    if not findings[-1].ok:
        return findings
    try:
        environment.prepare()
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version_num')::int, clock_timestamp()")
            number, instant = cursor.fetchone()
    except (Refused, psycopg.Error, Error) as fault:
        remedy = "核对 DATABASE_URL" if not environment.embedded() else f"查看 {VAR / 'postgres' / 'server.log'}"
        return [*findings, Finding("数据库 database", False, str(fault).strip(), remedy), keys()]
    checks: tuple[Callable[[], Finding], ...] = (keys, migrations)
    return [*findings, database(number), clocks(instant), *(check() for check in checks)]


def python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("Python", sys.version_info >= (3, 11), version, "安装 Python 3.11 或更新版本后重新 make demo")


def zone() -> Finding:
    try:
        ZoneInfo("Asia/Shanghai")
    except ZoneInfoNotFoundError:
        return Finding("时区 time zone", False, "没有 Asia/Shanghai", "pip install tzdata")
    return Finding("时区 time zone", True, "Asia/Shanghai")


def fonts() -> Finding:
    try:
        text, heading = families(VAR)
    except Refused:
        remedy = "apt-get install fonts-noto-cjk（没有中文字体就不能出公文和证照）"
        return Finding("中文字体 fonts", False, "没有找到", remedy)
    return Finding("中文字体 fonts", True, text if text == heading else f"{text}，标题 {heading}")


def disk() -> Finding:
    there = next(folder for folder in (VAR, *VAR.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    return Finding("磁盘 disk", free >= DISK_BYTES, f"{there} 还有 {free / 1e9:.1f} GB", "腾出至少 1 GB 空间")


def folder() -> Finding:
    """Everything that running makes lies in one folder."""
    there = next(folder for folder in (VAR, *VAR.parents) if folder.exists())
    writable = os.access(there, os.W_OK | os.X_OK)
    text = f"{there} 可写" if writable else f"{there} 不能写入"
    return Finding("文件夹 folder", writable, text, "改正权限，或用 MASHANG_VAR 指定另一个文件夹")


def database(number: int) -> Finding:
    whose = f"自带，在 {find(VAR).base}" if environment.embedded() else "DATABASE_URL"
    text = f"PostgreSQL {number // 10000}.{number % 10000}（{whose}）"
    return Finding("数据库 database", number // 10000 >= OLDEST_POSTGRES, text, "换用 PostgreSQL 15 或更新版本")


def clocks(instant: datetime) -> Finding:
    apart = abs((clock.now() - instant).total_seconds())
    text = f"与数据库相差 {apart:.1f} 秒"
    return Finding("时钟 clock", apart <= CLOCK_SECONDS, text, "让两台机器都与同一时间服务器对时（NTP）")


def keys() -> Finding:
    """Keys made by Mashang lie in files that only their owner reads."""
    if not KEYS.exists():
        return Finding("密钥 keys", True, "由环境变量给出")
    loose = [path.name for path in (KEYS, *KEYS.iterdir()) if stat.S_IMODE(path.stat().st_mode) & 0o077]
    text = f"{KEYS} 下 {'、'.join(loose)} 别人也能读" if loose else f"{KEYS}，仅本账号可读"
    return Finding("密钥 keys", not loose, text, f"chmod -R go-rwx {KEYS}")


def migrations() -> Finding:
    executor = MigrationExecutor(connection)
    behind = executor.migration_plan(executor.loader.graph.leaf_nodes())
    text = f"还有 {len(behind)} 个未执行" if behind else "全部已执行"
    return Finding("数据表 migrations", not behind, text, "mashang setup")
