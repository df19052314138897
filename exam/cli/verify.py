"""`ankao verify`: is this certificate genuine, and what is it worth now? 0 valid, 1 not, 2 could not be checked."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import rich_click as click
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from certs.api import (
    STATE_WORDS,
    Answer,
    KeyRing,
    LogNote,
    NothingAskedError,
    Question,
    StatusList,
    Verdict,
    check_file,
    check_qr,
    read_list,
    read_ring,
    read_upload,
    verify_file,
    verify_public,
)
from exam.cli.context import command_runtime
from exam.cli.evidence import check_evidence, tell_evidence
from exam.cli.log_proof import check_proof_file, is_proof, tell
from exam.core.audit.publication import LogPublication
from exam.core.clock import SHANGHAI, Clock, SystemClock
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.errors import DomainError
from exam.core.runtime import Runtime
from exam.web.i18n import fill
from proctor.api import is_bundle

UNCHECKED = 2
PERSON_LINES = 2
WORDS = STATE_WORDS | {
    Verdict.AUTHENTIC: "真实",
    Verdict.NOT_FOUND: "未找到",
    Verdict.FORGED: "无效:数字签名不符或密钥不受信任",
    Verdict.UNPROVEN: "无法证明:登记里有,审计日志里没有或不一致",
    Verdict.ALTERED: "不是原件:与登记或签名不一致",
}


class Unchecked(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` says when nothing could be decided: the keys of an answer, and why."""

    reasons: tuple[str, ...]
    message: str
    valid: bool = False
    status: str = "unchecked"
    number_masked: str | None = None
    log: LogNote = LogNote()


class PersonFormatError(DomainError):
    """Standard input holds neither JSON with name and number nor two lines."""

    code = "person_format"
    message = "请在标准输入给出两行(姓名、证书编号),或 JSON 对象 name、number。"


class _Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    number: str


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One of a file's bytes or a question, and the keys it is to be checked with."""

    file: bytes | None = None
    question: Question = Question()
    keys: KeyRing | None = None
    statuses: StatusList | None = None


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False)
@click.option("--qr", metavar="TEXT", default="", help="What a scanner reads from the certificate.")
@click.option("--person", type=click.Choice(["-"]), help="Read name and number from standard input.")
@click.option("--offline", is_flag=True, help="Ask nobody; needs --key.")
@click.option(
    "--key", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Pinned public keys, or a log's policy."
)
@click.option(
    "--status-list",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="With --offline: the signed list that tells the status.",
)
@click.option("--data-dir", type=click.Path(path_type=Path), default=None, help="Data directory of `ankao up` [var].")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    file: Path | None,
    qr: str,
    person: str | None,
    *,
    offline: bool,
    key: Path | None,
    status_list: Path | None,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Verify a certificate by its PDF FILE, its QR text, or its holder's name and number; or a proof of the log."""
    _require_one(file, qr, person)
    bundle = file.read_bytes() if file else b""
    if is_bundle(bundle):
        answer_of_bundle = asyncio.run(check_evidence(bundle, data_dir, offline=offline))
        raise SystemExit(tell_evidence(answer_of_bundle, as_json=as_json))
    if (offline and (person or not key)) or (status_list and not offline):
        message = "--offline needs --key, and cannot look a person up; --status-list goes with --offline"
        raise click.UsageError(message)
    try:
        if file and is_proof(content := file.read_bytes()):
            if key is None:
                raise NothingAskedError
            raise SystemExit(tell(check_proof_file(content, key), as_json=as_json))
        asked = _with_statuses(_read(file, qr, person, key), status_list)
        answer = _offline(asked, SystemClock()) if offline else asyncio.run(_online(asked, data_dir))
    except DomainError as error:
        _give_up(error.code, fill(error.message, error.fields), as_json=as_json)
    except (SQLAlchemyError, OSError) as error:
        _give_up("register_unreachable", f"无法连接登记库:{type(error).__name__}", as_json=as_json)
    else:
        click.echo(msgspec.json.encode(answer).decode() if as_json else _in_words(answer))
        raise SystemExit(0 if answer.valid else 1)


def _require_one(file: Path | None, qr: str, person: str | None) -> None:
    if sum(map(bool, (file, qr, person))) != 1:
        message = "give exactly one of FILE, --qr and --person"
        raise click.UsageError(message)


def _with_statuses(asked: Asked, status_list: Path | None) -> Asked:
    if status_list is None or asked.keys is None:
        return asked
    return msgspec.structs.replace(asked, statuses=read_list(status_list.read_bytes(), asked.keys))


def _read(file: Path | None, qr: str, person: str | None, key: Path | None) -> Asked:
    keys = read_ring(key.read_bytes()) if key else None
    if file:
        return Asked(file=read_upload(file.read_bytes()), keys=keys)
    if qr:
        return Asked(question=Question(qr=qr), keys=keys)
    who = _person(sys.stdin.read()) if person else _Person("", "")
    return Asked(question=Question(name=who.name, number=who.number), keys=keys)


def _person(text: str) -> _Person:
    """Read name and number; they never stand in arguments, which every user of the machine can list."""
    if text.lstrip().startswith("{"):
        try:
            return msgspec.json.decode(text, type=_Person)
        except msgspec.DecodeError as error:
            raise PersonFormatError from error
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) != PERSON_LINES:
        raise PersonFormatError
    return _Person(*lines)


def _offline(asked: Asked, clock: Clock) -> Answer:
    if asked.keys is None:
        raise NothingAskedError
    if asked.file is not None:
        return check_file(asked.file, asked.keys, at=clock.now(), statuses=asked.statuses)
    return check_qr(asked.question.qr, asked.keys, at=clock.now(), statuses=asked.statuses)


async def _online(asked: Asked, data_dir: Path | None) -> Answer:
    async with command_runtime(data_dir) as runtime:
        return await _ask(runtime, _question_for(runtime, asked))


def _question_for(runtime: Runtime, asked: Asked) -> Callable[[AsyncSession], Awaitable[Answer]]:
    at, log = runtime.clock.now(), LogPublication(runtime.storage)
    if (file := asked.file) is not None:
        return lambda session: verify_file(session, file, at=at, keys=asked.keys, log=log)
    return lambda session: verify_public(session, runtime.sealer, asked.question, at=at, keys=asked.keys, log=log)


async def _ask(runtime: Runtime, question: Callable[[AsyncSession], Awaitable[Answer]]) -> Answer:
    async with runtime.databases.transaction(NOTHING, Role.PUBLIC) as session:
        return await question(session)


def _give_up(code: str, message: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(Unchecked(reasons=(code,), message=message)).decode())
    else:
        click.echo(f"{message} ({code})", err=True)
    raise SystemExit(UNCHECKED)


def _in_words(answer: Answer) -> str:
    lines = [f"{WORDS[answer.status]}{_as_of(answer)}"]
    for each in answer.credentials:
        lines += [
            f"  姓名    {each.holder_masked}",
            f"  项目    {each.title}",
            # a statement alone holds no number, only the end of the holder's ID number
            f"  {'证件尾号' if each.number_masked.startswith('*') else '编号   '} {each.number_masked}",
            f"  有效期  {each.valid_from} 至 {each.valid_until}",
            f"  发证机关 {each.issuer}",
        ]
    if answer.key_id:
        lines.append(f"  签发密钥 {answer.key_id}")
    if answer.log.index is not None:
        seen = ", ".join(answer.log.cosigned_by) or "没有外部见证"
        lines.append(f"  审计日志 第 {answer.log.index} 条,已签署 {answer.log.size} 条,见证 {seen}")
    if answer.reasons:
        lines.append(f"  原因    {', '.join(answer.reasons)}")
    return "\n".join(lines)


def _as_of(answer: Answer) -> str:
    """Return what is known of the status where it is not the register's own: never plain "valid"."""
    if answer.status_as_of is not None:
        signed = answer.status_as_of.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
        unlisted = ";清单中没有这本证书,状态未知" if "status_not_listed" in answer.reasons else ""
        return f";状态以 {signed}(北京时间)签署的状态清单为准{unlisted}"
    return ";离线无法得知当前状态" if answer.status is Verdict.AUTHENTIC else ""
