"""Settings: read once from the environment, typed and bounded, passed on explicitly."""

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from exam.core.errors import DomainError


class SettingsError(DomainError):
    """A setting is missing or out of its bounds; the process must not start."""

    code = "settings"
    message = "配置有误:{reason}"


class Profile(StrEnum):
    """What kind of installation this is; the demo may do what production refuses."""

    DEMO = "demo"
    TEST = "test"
    PRODUCTION = "production"


Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting of every process; each is read from ANKAO_<NAME> unless its comment says otherwise."""

    profile: Profile = Profile.DEMO
    data_dir: Path = Path("var")
    """Embedded database, stored files, secrets."""
    host: str = "127.0.0.1"
    port: Port = 8000
    base_url: str = "http://127.0.0.1:8000"
    """Printed in QR codes and documents."""
    database_url: str = ""
    """libpq URL of an administrator of the database, from DATABASE_URL; empty means the embedded server under data_dir."""
    valkey_url: str = ""
    """redis:// or unix:// URL, from VALKEY_URL; empty means the embedded server under data_dir."""
    root_region: str = "33"
    """Path of the region that this installation serves; scheduled work runs in its scope."""
    session_idle_min: Annotated[int, msgspec.Meta(ge=5, le=480)] = 30
    """Minutes without a request after which a staff session ends."""
    session_max_h: Annotated[int, msgspec.Meta(ge=1, le=24)] = 12
    hash_threads: Annotated[int, msgspec.Meta(ge=1, le=16)] = 2
    """Threads that may compute argon2id at once; log-ins must not starve answers."""
    pool_size: Annotated[int, msgspec.Meta(ge=1, le=100)] = 10
    """Database connections per role and process."""
    answer_queue: Annotated[int, msgspec.Meta(ge=16, le=100_000)] = 4096
    """Saves that may wait for a commit before the server answers 503 and the terminal keeps them."""
    seal_algorithm: Literal["aes-256-gcm", "sm4-gcm"] = "aes-256-gcm"
    """Cipher of the next generation of sealing keys; SM4 where commercial cryptography is prescribed."""
    media_address: str = "127.0.0.1"
    """Address of this media node that terminals and proctors reach by UDP."""
    media_bind: str = "127.0.0.1"
    """Address that the node's media sockets are bound to."""
    media_first_port: Port = 42000
    media_last_port: Port = 42999
    """UDP ports of the media node, the only ones that a firewall must open; one for each connection."""
    media_control_host: str = "127.0.0.1"
    """Where the web process reaches the node; never an address that candidates reach."""
    media_control_port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    """0 takes a free one: the web process reads it from Valkey."""
    signer_dir: Path = Path()
    """Folder of the signer's keys and memory, which no other process reads; empty means `signer` under data_dir."""
    checkpoint_interval_s: Annotated[float, msgspec.Meta(ge=0.01, le=60)] = 10
    """Seconds between checkpoints of the log; what is older than that cannot be changed unnoticed."""
    log_origin: str = ""
    """Name of the log, given once with its key; empty means host and path of base_url."""
    witness_policy: Path = Path()
    """File of the witnesses and the quorum (C2SP tlog-policy, its log line left out); empty means none is asked."""
    seal: Literal["local", "custodians"] = "local"
    """Who holds the keys of forms: this machine (demonstrations only; production refuses it), or custodians together."""
    seal_threshold: Annotated[int, msgspec.Meta(ge=2, le=9)] = 3
    """How many custodians it takes to open a sitting's forms."""
    media_segment_s: Annotated[int, msgspec.Meta(ge=2, le=3600)] = 300
    """Length of a recording's files; a new one begins at the next key frame."""
    form_window_min: Annotated[int, msgspec.Meta(ge=0, le=60)] = 15
    """Minutes before the start from which the candidate view of a form may be opened (DESIGN.md §7)."""

    @property
    def signer_folder(self) -> Path:
        """Where the signer keeps its keys."""
        return self.data_dir / "signer" if self.signer_dir == Path() else self.signer_dir


def _value(environ: Mapping[str, str], name: str) -> str | None:
    plain = {"database_url": "DATABASE_URL", "valkey_url": "VALKEY_URL"}.get(name)
    return environ.get(plain or f"ANKAO_{name.upper()}")


def _decode(kind: type[Any], value: Any) -> Any:
    return kind(value) if kind is Path else value


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Build the settings from an environment.

    Raises SettingsError naming the setting and its bound.
    """
    source = os.environ if environ is None else environ
    given = {name: value for name in Settings.__struct_fields__ if (value := _value(source, name)) is not None}
    try:
        settings = msgspec.convert(given, Settings, strict=False, dec_hook=_decode)
    except msgspec.ValidationError as error:
        raise SettingsError(reason=str(error)) from error
    return msgspec.structs.replace(settings, data_dir=settings.data_dir.resolve())
