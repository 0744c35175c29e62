"""The `weft` command, assembled."""

import sys

import typer
from pydantic import ValidationError

from weft import __version__
from weft.backup.flaws import Flaw
from weft.cli import backup, broker, data, demo, health, node, peer, search, sync
from weft.cli.client import Failed
from weft.cli.output import problem
from weft.keys import NoNode
from weft.nats.errors import NatsProblem
from weft.secret_files import Unreadable

app = typer.Typer(
    name="weft",
    help="Run a node of an interregional knowledge network.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("init")(node.init)
app.command("up")(node.up)
app.command("serve")(node.serve)
app.command("demo")(demo.demo)
app.command("health")(health.health)
app.command("import")(data.import_)
app.command("export")(data.export)
app.command("attach")(data.attach)
app.command("restore")(backup.restore)
app.add_typer(backup.app, name="backup")
app.add_typer(peer.app, name="peer")
app.add_typer(broker.app, name="broker")
app.add_typer(sync.app, name="sync")
app.add_typer(search.app, name="search")
app.add_typer(node.keys, name="key")


@app.command("version")
def version() -> None:
    """Print the version of this software."""
    typer.echo(__version__)


def main() -> None:
    """Run a command; what is expected to go wrong is said with its remedy and exit code 1."""
    try:
        app()
    except (Failed, Flaw) as error:
        problem(str(error), error.hint)
        sys.exit(1)
    except NoNode as error:
        problem(str(error))
        sys.exit(2)
    except Unreadable as error:
        problem(f"setting {error}", "docs/operate/settings.md says how settings come from files.")
        sys.exit(2)
    except ValidationError as error:
        for wrong in error.errors():
            problem(
                f"setting {'.'.join(map(str, wrong['loc']))}: {wrong['msg']}",
                "docs/operate/settings.md lists every setting.",
            )
        sys.exit(2)
    except NatsProblem as error:
        problem(str(error))
        sys.exit(1)
