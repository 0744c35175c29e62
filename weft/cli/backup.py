"""Commands about backups: their keys, taking one while the node runs, looking at one, and making a node from one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TransferSpeedColumn

from weft.backup import keys
from weft.backup.manifest import Manifest
from weft.backup.restore import Found, target
from weft.backup.restore import restore as restored
from weft.backup.restore import verify as verified
from weft.backup.take import take
from weft.cli.output import as_json, err, say, table
from weft.keys import NodeKeys
from weft.settings import Settings

app = typer.Typer(help="Backups of a whole node, encrypted.", no_args_is_help=True)
Folder = Annotated[Path, typer.Argument(help="The node's folder.", file_okay=False)]
Backup = Annotated[Path, typer.Argument(help="The backup.", exists=True, dir_okay=False)]
KeyFile = Annotated[Path, typer.Option("--key", help="File with the key that opens it.", exists=True, dir_okay=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("key")
def key(
    file: Annotated[Path, typer.Argument(help="New file for the key.", dir_okay=False)], json_: Json = False
) -> None:
    """Make a key for backups, once. Who has the file can open every backup made for it: keep it away from the node.

    A node needs only the recipient that is printed.

    Example: weft backup key backup.key
    """
    recipient = keys.create(file)
    if json_:
        as_json({"recipient": recipient})
    else:
        say(f"The key is in {file}. Keep it, and a copy of it, away from the node.")
        say(f"Make backups with: --to {recipient}")


@app.command("create")
def create(
    folder: Folder,
    file: Annotated[Path, typer.Argument(help="New file for the backup.", dir_okay=False)],
    to: Annotated[
        list[str], typer.Option(help="Recipient of the key that shall open it; may be given more than once.")
    ],
    json_: Json = False,
) -> None:
    """Write one encrypted file with all that this node cannot get from elsewhere, while it goes on working.

    Example: weft backup create /srv/weft weft.backup --to age1…
    """
    node_keys = NodeKeys.open(folder)
    recipients = [keys.recipient(text) for text in to]
    with _steps() as tell:
        taken = take(Settings.read(folder), node_keys, file, recipients, tell)
    if json_:
        as_json({"file": str(file), "bytes": taken.size, **_told(taken.manifest, taken.fingerprint)})
    else:
        _draw(taken.manifest, taken.fingerprint)
        say(f"{file}: {taken.size} bytes. Look at it with: weft backup verify {file} --key FILE")


@app.command("verify")
def verify(file: Backup, key_file: KeyFile, json_: Json = False) -> None:
    """Read a backup to its end and show what it holds. Exit code 1 unless it is whole and as the node signed it.

    Example: weft backup verify weft.backup --key backup.key
    """
    found = _verified(file, keys.identities(key_file))
    if json_:
        as_json(_told(found.manifest, found.fingerprint))
    else:
        _draw(found.manifest, found.fingerprint)
        say("The backup is whole.")


def restore(
    file: Backup,
    folder: Annotated[Path, typer.Argument(help="New folder for the node.", file_okay=False)],
    key_file: KeyFile,
    check: Annotated[
        bool, typer.Option("--check", help="Check everything and say what it would mean; write nothing.")
    ] = False,
    json_: Json = False,
) -> None:
    """Make a node from a backup, in a new folder and new databases. The node that it was must never start again.

    Settings of the environment, like WEFT_DATABASE_URL, come before those in the backup: they say where it goes.

    Example: weft restore weft.backup /srv/weft --key backup.key --check
    """
    identities = keys.identities(key_file)
    found = _verified(file, identities)
    if check:
        target(found, folder)
    else:
        with _bytes(file, "restoring") as tell:
            restored(file, identities, found, folder, tell)
    if json_:
        as_json({"folder": str(folder), "restored": not check, **_told(found.manifest, found.fingerprint)})
        return
    _draw(found.manifest, found.fingerprint)
    for line in _meaning(found.manifest):
        say(line)
    say(f"Nothing was written. Without --check it goes to {folder}." if check else f"The node is in {folder}.")


def _verified(file: Path, identities: list[keys.Identity]) -> Found:
    with _bytes(file, "verifying") as tell:
        return verified(file, identities, tell)


def _meaning(manifest: Manifest) -> list[str]:
    lines = [
        f"It is {manifest.title.node} as it was at {manifest.title.began_at}. What was written after that is not in it.",
        "Its first commit opens a new epoch after the heads above. A peer that has no later ones just goes on.",
        "A peer that has later ones keeps them, and shows the feed as desynchronised, beyond: docs/operate/backup.md.",
        "Two nodes with one key are a fork: the node that this one was must never start again.",
    ]
    if manifest.missing:
        lines.append(f"{len(manifest.missing)} files were gone or damaged when it was made; reading them answers 404.")
    lines += [f"Not in it, and not touched: {place}" for place in manifest.elsewhere]
    return lines


def _draw(manifest: Manifest, fingerprint: str) -> None:
    title = manifest.title
    rows = [
        (base.service, base.engine, base.read_at, sum(each.rows for each in base.tables)) for base in manifest.databases
    ]
    table(f"{title.node}, {title.software}, key {fingerprint}", ("database", "from", "as it was at", "rows"), rows)
    heads = [(head.feed, head.epoch, head.sequence, head.records) for head in manifest.heads]
    table("Its feeds", ("feed", "epoch", "sequence", "records"), heads)
    say(f"{sum(1 for item in manifest.items if item.name.startswith('blobs/'))} files beside records.")


def _told(manifest: Manifest, fingerprint: str) -> dict[str, Any]:
    title = manifest.title
    return {
        "node": title.node,
        "fingerprint": fingerprint,
        "software": title.software,
        "began_at": title.began_at,
        "ended_at": manifest.ended_at,
        "databases": {
            base.service: {
                "from": base.engine,
                "read_at": base.read_at,
                "rows": {each.name: each.rows for each in base.tables},
            }
            for base in manifest.databases
        },
        "heads": {
            head.feed: {"epoch": head.epoch, "sequence": head.sequence, "hash": head.hash, "records": head.records}
            for head in manifest.heads
        },
        "files": sum(1 for item in manifest.items if item.name.startswith("blobs/")),
        "missing": manifest.missing,
        "elsewhere": manifest.elsewhere,
    }


@contextmanager
def _steps() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on standard error for each part that is copied."""
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=err, transient=True
    ) as bars:
        known: dict[str, Any] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in known:
                known[what] = bars.add_task(what, total=total)
            bars.update(known[what], completed=done)

        yield tell


@contextmanager
def _bytes(file: Path, what: str) -> Iterator[Callable[[int], None]]:
    """A bar on standard error for how much of a file has been read."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=err, transient=True) as bars:
        task = bars.add_task(what, total=file.stat().st_size)
        yield lambda done: bars.update(task, completed=done)
