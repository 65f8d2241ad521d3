"""`mashang backup` and `mashang restore`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from mashang.kernel.refused import Refused
from mashang.site import backup as archive
from mashang.site.environment import prepare
from mashang.site.paths import DOCUMENTS, KEYS


def backup(
    file: Annotated[Path, typer.Argument(help="写到哪个文件", dir_okay=False)],
    with_keys: Annotated[bool, typer.Option("--with-keys", help="连同密钥（只在备份本身加密保管时使用）")] = False,
) -> None:
    """把数据库和材料备份成一个文件；平台可以照常运行。"""
    prepare(start_django=False)
    if not file.parent.is_dir():
        raise Refused("backup.folder", f"文件夹 {file.parent} 不存在。", "file")
    manifest = archive.write(
        file,
        url=os.environ["DATABASE_URL"],
        documents=DOCUMENTS,
        keys=KEYS if with_keys else None,
        vault_key=os.environ["MASHANG_KEY"],
    )
    typer.echo(f"已备份 · backed up: {file}（{file.stat().st_size / 1e6:.1f} MB，材料 {manifest['documents']} 件）")
    if not with_keys:
        typer.echo(f"密钥不在其中，请把 {KEYS} 另行保管；没有它，备份里的个人信息打不开。")


def restore(
    file: Annotated[Path, typer.Argument(help="备份文件", exists=True, dir_okay=False)],
    replace: Annotated[bool, typer.Option("--replace", help="覆盖数据库里已有的数据")] = False,
) -> None:
    """从备份恢复；要么全部恢复，要么数据库保持原样。"""
    with archive.opened(file) as (source, manifest):
        if manifest["keys"]:
            archive.read_files(source, "keys", KEYS)
        prepare(start_django=False)
        if manifest["key"] != archive.fingerprint(os.environ["MASHANG_KEY"]):
            raise Refused("backup.key", f"这份备份由另一把密钥加密：请先把当时的密钥放回 {KEYS}，再恢复。")
        documents = archive.read_files(source, "documents", DOCUMENTS)
        archive.read_database(source, os.environ["DATABASE_URL"], replace=replace)
    typer.echo(f"已恢复 {manifest['made_at']} 的备份，写回材料 {documents} 件。请运行 mashang setup，再启动平台。")
