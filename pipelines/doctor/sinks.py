"""The sinks that are no topics: folders that can be written to, databases that are up to date."""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from connectors.sinks.jsonl import STDOUT
from connectors.whole_files import withdrawn_beside
from pipelines.config import Config, Sink
from pipelines.doctor.finding import Finding, fail, ok, warn
from pipelines.doctor.machine import free_space

_SECONDS_APART = 5.0


def examine_sinks(config: Config) -> Iterator[Finding]:
    """Looks at each sink; topics are `examine_kafka`'s."""
    for sink in config.sinks:
        what = f"sink {sink.name} ({sink.kind})"
        if sink.kind in ("jsonl", "parquet"):
            yield from _folder(what, sink)
        elif sink.kind == "postgres":
            yield from _database(what, sink)
        elif sink.kind == "bigquery":
            yield _warehouse(what, sink)


def _folder(what: str, sink: Sink) -> Iterator[Finding]:
    path = sink.options.path
    if path == STDOUT:
        yield ok(what, "standard output")
    elif "://" in path:
        from apache_beam.io.filesystems import FileSystems

        try:
            there = FileSystems.exists(path)
        except Exception as error:  # each file system has its own
            do = "install its package (newsbeam[gcp] for gs://), and log in where this runs"
            yield fail(what, f"{path}: {type(error).__name__}: {error}", do)
        else:
            yield ok(what, f"{path}, {'there' if there else 'will be made'}; rights are not tried")
    else:
        yield free_space(what, Path(path))
        if sink.takes == "articles" and Path(withdrawn_beside(path)).is_file():
            do = "move it away: withdrawals are listed in a folder of that name"
            yield fail(what, f"{withdrawn_beside(path)} is a file", do)


def _database(what: str, sink: Sink) -> Iterator[Finding]:
    import psycopg

    from connectors.postgres import migrations

    database = sink.options.database()
    try:
        with database.connect() as connection:
            (version,) = connection.execute("show server_version").fetchone() or ("?",)
            begun = time.time()
            (now,) = connection.execute("select extract(epoch from now())").fetchone() or (begun,)
            try:
                migrations.check(connection, database)
            except migrations.SchemaMismatch as mismatch:
                said, _, command = str(mismatch).partition(": ")
                yield fail(what, said, command or "install the newsbeam that the database was made for")
                return
            may_write = connection.execute(
                "select has_table_privilege('articles', 'insert, update, delete')"
            ).fetchone()
    except (psycopg.Error, LookupError, OSError) as error:
        do = "check the address, the password's place (password = { env = ... }) and pg_hba.conf"
        yield fail(what, f"{type(error).__name__}: {str(error).strip().splitlines()[0]}", do)
        return
    if may_write != (True,):
        do = f"grant select, insert, update, delete on all tables in schema {database.schema} to this user"
        yield fail(what, "we may not write to the table articles", do)
    else:
        yield ok(what, f"PostgreSQL {version}, schema {database.schema} is up to date")
    apart = float(now) - begun
    if abs(apart) > _SECONDS_APART:
        yield warn(f"{what}: clock", f"its clock is {apart:+,.0f} s from ours", "set both by NTP")


def _warehouse(what: str, sink: Sink) -> Finding:
    try:
        is_there = find_spec("google.cloud.bigquery") is not None
    except ModuleNotFoundError:
        is_there = False
    if not is_there:
        return fail(what, "Google's packages are not installed", "pip install 'newsbeam[gcp]'")
    return ok(
        what, f"{sink.options.table}; it is not looked at: loading is Google's, on the workers' account"
    )
