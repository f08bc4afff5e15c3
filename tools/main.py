"""The command `coilmark`: a table of commands, each imported when called, so that the light ones start at once."""

from importlib import import_module
from typing import Any

import click

from ledger.kernel.errors import CoilmarkError
from tools.problems import CALL_WRONG, report

# name -> (module, the first line of its help). A test holds this table against what each command says itself.
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("tools.demo.command", "Make a mine-to-coil ledger, check it, tamper with a copy, serve it."),
    "init": ("tools.init", "Create a ledger: its folder, its log key and index 0."),
    "serve": ("tools.serve", "Serve a ledger over HTTP; one process writes."),
    "keygen": ("tools.keygen", "Make a private key for a party and print its thumbprint."),
    "party": ("tools.party", "Enrol parties, add, end and recover their keys."),
    "token": ("tools.token", "Issue, list and revoke bearer tokens for readers."),
    "sign": ("tools.sign", "Sign a JSON body as a statement and print its wire form."),
    "post": ("tools.post", "Post signed statements and keep their receipts."),
    "verify": ("tools.verify", "Verify a receipt or bundle offline against a trust file."),
    "label": ("tools.label", "Print the links and tags of pieces, with QR symbols."),
    "link": ("tools.link", "Read a GS1 Digital Link, and say what is wrong with it."),
    "audit": ("tools.audit", "Re-derive a whole ledger from its stored bytes."),
    "compare": ("tools.compare", "Compare what two sources show of one log."),
    "restore": ("tools.restore", "Say what a restored database lacks, and go on from it."),
    "export": ("tools.export", "Write the ledger as Arrow or Parquet segments."),
    "backup": ("tools.backup", "Back a ledger up while it is served, and check what is written."),
    "copy": ("tools.copy", "Copy a ledger from one store to another, and check the copy."),
    "migrate": ("tools.migrate", "Bring an older ledger to this program's schema."),
    "cbam": ("tools.cbam", "Report direct emissions for the CBAM, by process, code and period."),
    "claims": ("tools.claims", "Hold the park's public claims against its ledger, for a period."),
    "footprint": ("tools.footprint", "Print a piece's footprint as a PACT document."),
    "lot": ("tools.lot", "Ask what the ledger knows of a lot, a site, an order or a heat."),
    "energy": ("tools.energy", "Ask what was attested, whose it is, and what it covers."),
    "rebuild": ("tools.rebuild", "Make derived data again from what was signed."),
    "torture": ("tools.torture.command", "Kill, starve and flood ledgers of its own making, and count what they lost."),
    "bench": ("tools.bench.command", "Measure this machine: ingest, proofs, hashing, traces, audit, pages."),
}


class Table(click.Group):
    """Commands by module name; errors of the ledger become a sentence and an exit code here and nowhere else."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the table."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module, and none of the others."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands from the table: asking each for its help would import them all."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Remember whether a machine is listening, for the case that the command ends in an error."""
        ctx.meta["coilmark.json"] = "--json" in args
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. What is refused, unverified or damaged exits 1, a wrong call 2."""
        try:
            return super().invoke(ctx)
        except CoilmarkError as error:
            ctx.exit(report(error, as_json=ctx.meta["coilmark.json"]))
        except BrokenPipeError:
            raise  # click ends quietly when the reader of a pipe has gone
        except OSError as error:
            click.echo(f"coilmark: {error.filename or ''}: {error.strerror or error}".replace(" : ", " "), err=True)
            ctx.exit(CALL_WRONG)


@click.group(cls=Table, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="coilmark")
def cli() -> None:
    """Follow aluminium from the bauxite mine to the finished coil, in a ledger that proves what it says.

    Exit codes: 0 fine, 1 the thing is wrong, 2 the call is wrong.
    """


if __name__ == "__main__":
    cli(prog_name="coilmark")
