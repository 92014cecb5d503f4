"""`newsbeam rules`: try the cleaning rules, find new ones, and see what a change does."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.arguments import InputPaths, OwnPacks
from pipelines.commands.console import print_json, printable, stderr, stdout, wrong_usage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.corpus import Corpus, CorpusPage
    from pipelines.text.packs import PackLibrary

app = typer.Typer(no_args_is_help=True, help="Try the cleaning rules, find new ones, see what a change does.")

_Json = Annotated[bool, typer.Option("--json", help="JSON on standard output instead of tables.")]


@app.command()
def test(
    packs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PACK...]", help="bg, sites/example.org, a pack's .toml file, kept_lines; else all."
        ),
    ] = None,
    own: OwnPacks = None,
) -> None:
    """Run the examples of every rule: each drops must go, each keeps must stay.

    With --packs also the lines an editor wants kept (kept_lines.jsonl, see `rules keep`).

    Exit code 0: all hold. 1: some do not. 2: wrong usage, or a pack that is not well formed.
    """
    from pipelines import kept_lines
    from pipelines.text.packs import Packs, check_patterns, chosen_packs
    from pipelines.text.rule_examples import failures

    library, names = _library(own), list(packs or [])
    folder = own if not names or "kept_lines" in names else None
    if "kept_lines" in names and own is None:
        wrong_usage("kept_lines lie in a folder of packs: --packs DIR")
    try:
        wanted = [name for name in names if name != "kept_lines"]
        chosen = chosen_packs(library, wanted) if wanted or not names else []
        for pack, is_in_library in chosen:
            if is_in_library:
                check_patterns(pack, library)
        kept = list(kept_lines.read(folder)) if folder is not None else []
        extra = list(kept_lines.failures(kept, folder))
    except ValueError as error:  # PackError too
        wrong_usage(str(error))
    failed = []
    for pack, is_in_library in chosen:
        among = library.selections(pack) if is_in_library else [Packs((library.common, pack))]
        failed += [failure for rule in pack.rules for failure in failures(rule, among)]
    for failure in [*failed, *extra]:
        stdout.print(f"{failure.rule} {failure.part}", style="bold red", markup=False)
        stdout.print(f"    example   {printable(failure.example)}", markup=False, soft_wrap=True)
        stdout.print(f"    but       {printable(failure.how)}", markup=False, soft_wrap=True)
    rules = [rule for pack, _ in chosen for rule in pack.rules]
    examples = sum(len(rule.drops) + len(rule.keeps) for rule in rules)
    off = sum(pack.off for pack, _ in chosen)
    said = f"{len(rules):,} rules in {len(chosen):,} packs, {examples:,} examples"
    said += f", {len(kept):,} kept lines" if kept else ""
    said += f"; {off:,} more rules are off" if off else ""
    if failed or extra:
        stdout.print(f"{said}: {len(failed) + len(extra):,} do not hold", style="bold red")
        raise typer.Exit(1)
    stdout.print(f"{said}: all hold")


@app.command()
def coverage(paths: InputPaths, own: OwnPacks = None, as_json: _Json = False) -> None:
    """Clean a corpus and say which rule fired how often, on how many sites; and which never did."""
    from pipelines.commands.rules_tables import coverage_as_dict, coverage_tables
    from pipelines.text import line_model
    from pipelines.text.boilerplate import Hints, strip_boilerplate
    from pipelines.text.coverage import Coverage

    library, corpus, scorer = _library(own), _corpus(paths), line_model.shipped()
    found = Coverage()
    for page in _pages(corpus, "Cleaning"):
        packs = library.select(page.language, page.address)
        found.add(page.site, packs, strip_boilerplate(page.text, packs, Hints(page.title), scorer).removed)
    _need_pages(corpus)
    if as_json:
        print_json(coverage_as_dict(found, library, corpus))
    else:
        stdout.print(coverage_tables(found, library, corpus))


@app.command()
def mine(
    paths: InputPaths,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Write packs there, DIR/sites/<domain>.toml."),
    ] = None,
    min_pages: Annotated[
        int, typer.Option(min=2, help="What recurs stands on so many pages of one site.")
    ] = 3,
    own: OwnPacks = None,
    as_json: _Json = False,
) -> None:
    """Find what recurs on the pages of a site and no rule removes yet, and propose packs for these sites.

    Nothing is switched on: a proposal says `enabled = false` until a person has looked at it. With --output
    the proposals are added to the packs in DIR, below what they hold already.
    """
    from pipelines.commands.rules_tables import mined_as_dict, mined_tables, write_packs
    from pipelines.text.boilerplate import Hints, strip_boilerplate
    from pipelines.text.mining import Miner

    library, corpus, miner, no_site = _library(own), _corpus(paths), Miner(min_pages), 0
    for page in _pages(corpus, "Mining"):
        if page.site is None:
            no_site += 1
            continue
        packs = library.select(page.language, page.address)
        miner.add(page.site, strip_boilerplate(page.text, packs, Hints(page.title)).text, page.day)
    _need_pages(corpus)
    reports = list(miner.reports())
    if as_json:
        print_json(mined_as_dict(reports))
    elif output is None:
        stdout.print(mined_tables(reports))
    if output is not None:
        try:
            for line in write_packs(reports, output, library):
                stderr.print(line, markup=False)
        except (OSError, ValueError) as error:
            wrong_usage(str(error))
    poor = [report for report in reports if report.pages < min_pages]
    if poor:
        some = ", ".join(f"{report.site} ({report.pages})" for report in poor[:5])
        stderr.print(
            f"{len(poor):,} of {len(reports):,} sites have fewer than {min_pages} different pages, too few "
            f"to tell what recurs: {some}{', …' if len(poor) > 5 else ''}"
        )
    if no_site:
        stderr.print(f"{no_site:,} pages have neither a url nor a publisher that is a domain: left out")
    if miner.forgotten:
        stderr.print(f"the corpus is large: {miner.forgotten:,} rare lines were forgotten on the way")


@app.command()
def diff(
    paths: InputPaths,
    against: Annotated[
        str,
        typer.Option(
            metavar="DIR|REV",
            help="What to compare with: a folder of rules or packs, or a Git revision of them.",
        ),
    ] = "HEAD",
    own: OwnPacks = None,
    as_json: _Json = False,
) -> None:
    """Clean a corpus by the rules as they are and as they were, and show what differs, rule by rule.

    Exit code 0: nothing differs. 1: something does. 2: wrong usage.
    """
    from pipelines.commands.rules_tables import changes_as_dict, changes_tables
    from pipelines.rules_at import NoSuchRules, rules_of
    from pipelines.text import line_model
    from pipelines.text.boilerplate import Hints, strip_boilerplate
    from pipelines.text.packs import PackLibrary
    from pipelines.text.rule import PackError
    from pipelines.text.rule_changes import RuleChanges

    library, corpus, scorer, changes = _library(own), _corpus(paths), line_model.shipped(), RuleChanges()
    with tempfile.TemporaryDirectory() as scratch:
        try:
            before = PackLibrary(*rules_of(against, own, Path(scratch)))
        except (NoSuchRules, PackError, OSError) as error:
            wrong_usage(f"--against {error}")
    for page in _pages(corpus, "Comparing"):
        old, new = (side.select(page.language, page.address) for side in (before, library))
        if old.digests == new.digests:
            changes.add(page.name, (), ())
            continue
        hints = Hints(page.title)
        changes.add(page.name, *(strip_boilerplate(page.text, x, hints, scorer).removed for x in (old, new)))
    _need_pages(corpus)
    if as_json:
        print_json(changes_as_dict(changes))
    else:
        stdout.print(changes_tables(changes), soft_wrap=True)
    raise typer.Exit(1 if changes.changed_pages else 0)


@app.command()
def keep(
    record: Annotated[
        str,
        typer.Argument(
            metavar="RECORD",
            help="A file or output folder of written articles, - for standard input, or one record's JSON.",
        ),
    ],
    span: Annotated[
        str,
        typer.Argument(metavar="SPAN", help="Which removal: its number, as `explain` shows it, or its text."),
    ],
    id: Annotated[str | None, typer.Option("--id", help="Which article, where there are several.")] = None,
    own: OwnPacks = None,
) -> None:
    """Say that a removal was wrong: the line becomes a keeps example of the rule that did it.

    `rules test` fails from then on until the rule is mended. What the line scorer or the page's structure
    removed cannot be an example of one rule: with --packs DIR it goes, with its page, to
    DIR/kept_lines.jsonl, which `rules test --packs DIR` checks.

    Exit code 0: the example is recorded. 1: no rule's example can hold it. 2: wrong usage.
    """
    from pipelines import kept_lines
    from pipelines.commands.written import one_article
    from pipelines.text.boilerplate import LINE_MODEL_RULE
    from pipelines.text.keeps import add_keep, find_removal, find_rule, line_of, takes
    from pipelines.text.pack import OWN

    library, article = _library(own), one_article(record, id)
    try:
        removal = article.removed[find_removal(article, span)]
        line = line_of(article, removal)
    except ValueError as error:
        wrong_usage(f"article {article.id}: {error}")
    found = find_rule(library, removal.rule)
    if found is None and removal.rule.startswith(OWN) and own is None:
        wrong_usage(f"{removal.rule} is a rule of your own packs: name their folder (--packs DIR)")
    if found is not None and takes(found.rule, line):
        file = library.file(found.pack.name)
        content = file.read_bytes().decode("utf-8")
        changed = add_keep(content, found.rule.id.removeprefix(f"{found.pack.name}/"), line)
        try:
            file.write_bytes(changed.encode("utf-8"))
        except OSError as error:
            wrong_usage(f"{file}: {error.strerror}")
        news = "is now a keeps example of" if changed != content else "was already a keeps example of"
        stdout.print(f"“{printable(line)}”\n{news} {found.rule.id} in {file}", markup=False, soft_wrap=True)
        test = f"newsbeam rules test {found.pack.name}" + (f" --packs {own}" if own is not None else "")
        stdout.print(f"`{test}` fails until the rule is mended", markup=False, soft_wrap=True)
        if line in found.rule.drops:
            stdout.print("It is a drops example of that rule, too: one of the two has to go.", style="yellow")
        return
    if removal.rule == LINE_MODEL_RULE:
        by = "the line scorer"
    elif found is None and not removal.rule.startswith("document/"):
        by = f"{removal.rule}, which no pack here has any more"
    else:
        by = f"{removal.rule}, by what stands around it"
    stdout.print(
        f"“{printable(line)}”\nwas removed by {by}: an example of one rule cannot hold it",
        markup=False,
        soft_wrap=True,
    )
    if own is None:
        stdout.print(
            f"name your folder of packs (--packs DIR), and it goes to DIR/{kept_lines.FILE} with its page"
        )
        raise typer.Exit(1)
    try:
        is_new = kept_lines.append(own, kept_lines.of_record(article, removal))
    except (OSError, ValueError) as error:
        wrong_usage(str(error))
    stdout.print(
        f"{'it stands now' if is_new else 'it stood already'} in {own / kept_lines.FILE}, with its page; "
        f"`newsbeam rules test --packs {own}` checks it",
        markup=False,
        soft_wrap=True,
    )


def _library(own: Path | None) -> PackLibrary:
    from pipelines.text.packs import PackLibrary
    from pipelines.text.rule import PackError

    try:
        return PackLibrary(own=own)
    except PackError as error:
        wrong_usage(str(error))


def _corpus(paths: list[str]) -> Corpus:
    from connectors.sources.files import UnreadableInput
    from pipelines.corpus import Corpus

    try:
        return Corpus(paths)
    except UnreadableInput as error:
        wrong_usage(str(error))


def _pages(corpus: Corpus, doing: str) -> Iterator[CorpusPage]:
    """The pages of a corpus, with a progress bar."""
    from connectors.progress import progress
    from pipelines.commands.progress import watch

    with watch(corpus.size_bytes, 1, doing) as shared:

        def report(records: int) -> None:
            shared.figures[:] = [progress.bytes_read, records]

        yield from corpus.read(report)


def _need_pages(corpus: Corpus) -> None:
    if corpus.refused:
        said = f"{corpus.refused:,} records are no articles (a replay says of each why)"
        stderr.print(f"{said}; the first, {corpus.first_refused}", markup=False)
    if not corpus.pages:
        wrong_usage("the input holds no article")
