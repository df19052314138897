"""`ankao bench`: one command per bench, each imported when it is called."""

from pathlib import Path

import rich_click as click

from exam.cli.bench.report import show

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")

rounds_option = click.option(
    "--rounds", type=click.IntRange(1, 99), default=3, show_default=True, help="What is compared takes turns so often."
)


@click.group()
def command() -> None:
    """Measure the product on this machine, beside the limit or the peer of each figure."""


@command.command()
@click.option("--seconds", type=click.FloatRange(min=1), default=12.0, show_default=True, help="Length of each load.")
@click.option("--connections", type=click.IntRange(1, 4096), default=64, show_default=True)
@click.option(
    "--fsync-delay", is_flag=True, help="On a disk whose flush takes 2 ms longer; compare with one commit per save."
)
@click.option(
    "--peer-connections",
    type=click.IntRange(1, 300),
    multiple=True,
    default=(32, 64, 128, 256),
    show_default=True,
    help="With --fsync-delay: database connections to try the peer with; the best number counts.",
)
@rounds_option
@as_json_option
def saves(
    seconds: float,
    connections: int,
    peer_connections: tuple[int, ...],
    rounds: int,
    *,
    fsync_delay: bool,
    as_json: bool,
) -> None:
    """Durable saves, against a static answer of the same web server."""
    from exam.cli.bench.saves import SLOW_CONNECTIONS, bench_saves, bench_slow_disk  # noqa: PLC0415

    if fsync_delay:
        many = max(connections, SLOW_CONNECTIONS)
        report = bench_slow_disk(seconds=seconds, connections=many, pools=peer_connections, rounds=rounds)
        show(report, as_json=as_json)
    else:
        show(bench_saves(seconds=seconds, connections=connections, rounds=rounds), as_json=as_json)


@command.command()
@click.option("--candidates", type=click.IntRange(1, 5000), default=100, show_default=True)
@click.option(
    "--at-once", type=click.IntRange(1, 1000), default=8, show_default=True, help="In all steps but the start."
)
@as_json_option
def start(candidates: int, at_once: int, *, as_json: bool) -> None:
    """A complete attempt of 100 items, step by step, and everybody's start in the same moment, against their limits."""
    from exam.cli.bench.start import bench_start  # noqa: PLC0415

    show(bench_start(candidates=candidates, at_once=at_once), as_json=as_json)


@command.command()
@click.option("--rows", type=click.IntRange(1, 20_000_000), default=200_000, show_default=True)
@as_json_option
def lookup(rows: int, *, as_json: bool) -> None:
    """Finding a person by ID number through the blind index, against the promised limit."""
    from exam.cli.bench.lookup import bench_lookup  # noqa: PLC0415

    show(bench_lookup(rows=rows), as_json=as_json)


@command.command()
@click.option("--items", type=click.IntRange(100, 1_000_000), default=50_000, show_default=True)
@click.option(
    "--rows", type=click.IntRange(1, 20_000), default=10_000, show_default=True, help="Of the imported workbook."
)
@as_json_option
def items(items: int, rows: int, *, as_json: bool) -> None:
    """An author's searches over a generated bank and the import of a workbook, against the promised limits."""
    from exam.cli.bench.items import bench_items  # noqa: PLC0415

    show(bench_items(items=items, rows=rows), as_json=as_json)


@command.command()
@click.option("--forms", type=click.IntRange(2, 100_000), default=10_000, show_default=True)
@as_json_option
def assembly(forms: int, *, as_json: bool) -> None:
    """Forms of 100 items dealt from a pool of 20,000, against a plain random draw and the limits."""
    from exam.cli.bench.dealing import bench_assembly  # noqa: PLC0415

    show(bench_assembly(forms=forms), as_json=as_json)


@command.command()
@click.option("--attempts", type=click.IntRange(1, 1_000_000), default=10_000, show_default=True)
@as_json_option
def grading(attempts: int, *, as_json: bool) -> None:
    """Attempts of 100 items scored, against one comparison of arrays."""
    from exam.cli.bench.grading import bench_grading  # noqa: PLC0415

    show(bench_grading(attempts=attempts), as_json=as_json)


@command.command()
@click.option("--count", type=click.IntRange(1, 100_000), default=200, show_default=True)
@click.option(
    "--batch", type=click.IntRange(0, 10_000), default=0, help="Make one batch of so many instead, by every process."
)
@as_json_option
def certs(count: int, batch: int, *, as_json: bool) -> None:
    """Certificates made and checked per processor second, against the bare libraries and the limits."""
    from exam.cli.bench.batch import bench_batch  # noqa: PLC0415
    from exam.cli.bench.certs import bench_certs  # noqa: PLC0415

    show(bench_batch(count=batch) if batch else bench_certs(count=count), as_json=as_json)


@command.command()
@click.option("--learners", type=click.IntRange(1, 5000), default=500, show_default=True)
@click.option("--seconds", type=click.FloatRange(min=1), default=120.0, show_default=True, help="Length of the load.")
@as_json_option
def training(learners: int, seconds: float, *, as_json: bool) -> None:
    """Learners at home who report every 15 seconds: processor time of one learner's hour, against its limit."""
    from exam.cli.bench.training import bench_training  # noqa: PLC0415

    show(bench_training(learners=learners, seconds=seconds), as_json=as_json)


@command.command()
@click.option("--seats", type=click.IntRange(1, 100), default=6, show_default=True, help="Drawn candidates per clip.")
@click.option(
    "--photographs",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=None,
    help="Folder of JPEGs, on each of which different people look ahead: how often a face is told from another's.",
)
@as_json_option
def analysis(seats: int, photographs: Path | None, *, as_json: bool) -> None:
    """Precision and recall of every observation on the project's drawn clips, and the processor time of a candidate."""
    from exam.cli.bench.analysis import bench_analysis  # noqa: PLC0415

    show(bench_analysis(seats=seats, photographs=photographs), as_json=as_json)


@command.command()
@click.option("--publishers", type=click.IntRange(1, 200), default=20, show_default=True)
@click.option("--walls", type=click.IntRange(1, 20), default=4, show_default=True, help="Each shows every publisher.")
@click.option("--seconds", type=click.FloatRange(min=1), default=30.0, show_default=True, help="Length of each phase.")
@click.option(
    "--soak", type=click.FloatRange(min=0), default=0.0, show_default=True, help="Minutes to go on afterwards."
)
@as_json_option
def video(publishers: int, walls: int, seconds: float, soak: float, *, as_json: bool) -> None:
    """A media node's processor time per tile taken in and sent on, its memory, and what it has recorded."""
    from exam.cli.bench.video import bench_video  # noqa: PLC0415

    show(bench_video(publishers=publishers, walls=walls, seconds=seconds, soak_s=soak * 60), as_json=as_json)


@command.command()
@click.option(
    "--scale",
    type=click.FloatRange(0.0002, 1),
    default=0.01,
    show_default=True,
    help="Of a province of 5 million people and 20 million attempts; 0.01 is a hundredth of it.",
)
@as_json_option
def statistics(scale: float, *, as_json: bool) -> None:
    """A regulator's pages and files of figures over a generated province, against their limits."""
    from exam.cli.bench.statistics import bench_statistics  # noqa: PLC0415

    show(bench_statistics(scale=scale), as_json=as_json)
