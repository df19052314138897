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
Host = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9.:_-]{1,253}\Z", title="host name or address")]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting of every process, read from ANKAO_<NAME>, the two URLs from DATABASE_URL and VALKEY_URL.

    The text below a setting is its documentation: `ankao settings` prints it.
    """

    profile: Profile = Profile.DEMO
    """Kind of installation: production refuses what a demo may do, such as making up its own keys."""
    data_dir: Path = Path("var")
    """Embedded database, stored files, secrets."""
    host: Host = "127.0.0.1"
    """Address that the web process listens on."""
    port: Port = 8000
    """Port that the web process listens on."""
    base_url: Annotated[str, msgspec.Meta(pattern=r"^https?://[^\s/?#]+\Z", title="http(s)://host[:port]")] = (
        "http://127.0.0.1:8000"
    )
    """How people reach the web process: printed in QR codes and documents."""
    package_url: Annotated[str, msgspec.Meta(pattern=r"^(|https?://[^\s/?#]+)\Z", title="http(s)://host[:port]")] = ""
    """Host that serves course packages (SCORM) and nothing else; empty: none, but on a loopback address its other name."""
    database_url: Annotated[str, msgspec.Meta(pattern=r"^(|postgres(ql)?://\S+)\Z", title="postgresql:// URL")] = ""
    """Administrator's URL of the database; empty means the embedded server under data_dir."""
    valkey_url: Annotated[str, msgspec.Meta(pattern=r"^(|(rediss?|unix)://\S+)\Z", title="redis:// or unix:// URL")] = (
        ""
    )
    """URL of Valkey or Redis; empty means the embedded server under data_dir."""
    root_region: Annotated[str, msgspec.Meta(pattern=r"^\d+(/\d+)*\Z", title="path of region codes")] = "33"
    """Path of the region that this installation serves; scheduled work runs in its scope."""
    session_idle_min: Annotated[int, msgspec.Meta(ge=5, le=480)] = 30
    """Minutes without a request after which a staff session ends."""
    session_max_h: Annotated[int, msgspec.Meta(ge=1, le=24)] = 12
    """Hours after which every session ends."""
    hash_threads: Annotated[int, msgspec.Meta(ge=1, le=16)] = 2
    """Threads that may compute argon2id at once; log-ins must not starve answers."""
    pool_size: Annotated[int, msgspec.Meta(ge=1, le=100)] = 10
    """Database connections per role and process."""
    answer_queue: Annotated[int, msgspec.Meta(ge=16, le=100_000)] = 4096
    """Saves that may wait for a commit before the server answers 503 and the terminal keeps them."""
    seal_algorithm: Literal["aes-256-gcm", "sm4-gcm"] = "aes-256-gcm"
    """Cipher of the next generation of sealing keys; SM4 where commercial cryptography is prescribed."""
    media_address: Host = "127.0.0.1"
    """Address of this media node that terminals and proctors reach by UDP."""
    media_bind: Host = "127.0.0.1"
    """Address that the node's media sockets are bound to."""
    media_first_port: Port = 42000
    """First of the UDP ports of the media node, the only ones that a firewall must open; one for each connection."""
    media_last_port: Port = 42999
    """Last of the UDP ports of the media node."""
    turn_urls: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^(|turns?:[A-Za-z0-9.:\[\]_?=-]+(,turns?:[A-Za-z0-9.:\[\]_?=-]+)*)\Z",
            title="turn: and turns: URLs with commas between them",
        ),
    ] = ""
    """Relay for networks that let no UDP through, such as turns:turn.example:443?transport=tcp; empty means none."""
    turn_secret_file: Path = Path()
    """File with the secret that the relay has too, coturn's static-auth-secret; the web process alone reads it."""
    media_control_host: Host = "127.0.0.1"
    """Where the web process reaches the node; never an address that candidates reach."""
    media_control_port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    """0 takes a free one: the web process reads it from Valkey."""
    files_dir: Path = Path()
    """Folder of stored files, which processes of several users may share; empty means `files` under data_dir."""
    storage_url: Annotated[
        str,
        msgspec.Meta(pattern=r"^(|s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w./-]*)?)\Z", title="s3://bucket[/prefix]"),
    ] = ""
    """Bucket of an S3-compatible store for all stored files; empty means the folder."""
    storage_endpoint: Annotated[
        str, msgspec.Meta(pattern=r"^(|https?://[^\s/?#]+)\Z", title="http(s)://host[:port]")
    ] = ""
    """Address of the store; empty means the region's own at Amazon. Without https only on this very machine."""
    storage_region: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{1,40}\Z", title="region name")] = "us-east-1"
    """Region that requests are signed for; most stores of one's own take any."""
    storage_addressing: Literal["path", "host"] = "path"
    """Whether the bucket's name stands in the path or in the host name, as some public clouds want it."""
    storage_key_id: Annotated[str, msgspec.Meta(pattern=r"^\S{0,128}\Z", title="text without spaces")] = ""
    """Name of the key that requests are signed with."""
    storage_secret_file: Path = Path()
    """File with that key's secret; every process that stores or reads files needs it."""
    signing_algorithm: Literal["Ed25519", "ECDSA-P256", "SM2"] = "Ed25519"
    """Algorithm of a new credential key; SM2 with SM3 where commercial cryptography is prescribed."""
    signing_key: Annotated[str, msgspec.Meta(pattern=r"^(|[a-z][a-z0-9+.-]*:\S+)\Z", title="scheme:address")] = ""
    """Address of a credential key in a module, such as pkcs11:token=… (RFC 7512); empty means the file."""
    log_key: Annotated[str, msgspec.Meta(pattern=r"^(|pkcs11:\S+)\Z", title="pkcs11:address")] = ""
    """Address of the log's Ed25519 key in a token (RFC 7512); empty means the file in the signer's folder."""
    timestamp_url: Annotated[str, msgspec.Meta(pattern=r"^(|https?://\S+)\Z", title="http(s):// URL")] = ""
    """Time-stamp authority (RFC 3161) for documents, asked by the worker; empty means none."""
    timestamp_roots: Path = Path()
    """Root certificates of the time-stamp authority, in PEM."""
    signing_socket: Path = Path()
    """Socket of the signer process, which alone holds the credential key; empty means that this process holds it."""
    signer_dir: Path = Path()
    """Folder of the signer's keys and memory, which no other process reads; empty means `signer` under data_dir."""
    checkpoint_interval_s: Annotated[float, msgspec.Meta(ge=0.01, le=60)] = 10
    """Seconds between checkpoints of the log; what is older than that cannot be changed unnoticed."""
    log_origin: Annotated[str, msgspec.Meta(pattern=r"^[^\s+]{0,255}\Z", title="text without spaces and +")] = ""
    """Name of the log, given once with its key; empty means host and path of base_url."""
    witness_policy: Path = Path()
    """File of the witnesses and the quorum (C2SP tlog-policy, its log line left out); empty means none is asked."""
    seal: Literal["local", "custodians"] = "local"
    """Who holds the keys of forms: this machine (demonstrations only; production refuses it), or custodians together."""
    seal_threshold: Annotated[int, msgspec.Meta(ge=2, le=9)] = 3
    """How many custodians it takes to open a sitting's forms."""
    media_segment_s: Annotated[int, msgspec.Meta(ge=2, le=3600)] = 300
    """Length of a recording's files; a new one begins at the next key frame."""
    exchange_inside: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^(|[A-Za-z0-9.:_/-]+(,[A-Za-z0-9.:_/-]+)*)\Z",
            title="hosts and networks with commas between them",
        ),
    ] = ""
    """Hosts and networks inside that messages to neighbouring systems may go to; all others must be public and https."""
    exchange_certificate: Path = Path()
    """Certificate (PEM, with its chain) that this node shows to other nodes; empty means none."""
    exchange_key: Path = Path()
    """Private key of that certificate (PEM)."""
    exchange_roots: Path = Path()
    """Root certificates (PEM) that other nodes' certificates are proved by; empty means the system's own."""
    exchange_peer_header: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{0,64}\Z", title="name of a header")] = ""
    """Header by which the proxy tells a caller's certificate (RFC 9440, or nginx's escaped PEM); empty means no proxy does."""
    smtp_host: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9.:_-]{0,253}\Z", title="host name or address")] = ""
    """Mail server that reminders go out by; empty means that none go by mail."""
    smtp_port: Port = 587
    """Port of the mail server."""
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection to the mail server is encrypted; none only where it is this very machine."""
    smtp_user: Annotated[str, msgspec.Meta(pattern=r"^\S{0,254}\Z", title="text without spaces")] = ""
    """Name to log in with at the mail server; empty means no log-in."""
    smtp_password_file: Path = Path()
    """File with the password for the mail server; the worker alone reads it."""
    smtp_from: Annotated[str, msgspec.Meta(pattern=r"^(|[^\s@]+@[^\s@]+)\Z", title="mail address")] = ""
    """Address that reminders come from."""
    remind_webhook_url: Annotated[str, msgspec.Meta(pattern=r"^(|https?://\S+)\Z", title="http(s):// URL")] = ""
    """Where each reminder is posted as well, signed (Standard Webhooks), for a message gateway; empty means nowhere."""
    remind_webhook_secret_file: Path = Path()
    """File with the secret of that signature, whsec_ and base64; the worker alone reads it."""
    oidc_issuer: Annotated[str, msgspec.Meta(pattern=r"^(|https?://[^\s?#]+)\Z", title="http(s):// URL")] = ""
    """OpenID provider that staff may log in at, by its issuer name; empty means that there is none."""
    oidc_client_id: Annotated[str, msgspec.Meta(pattern=r"^\S{0,255}\Z", title="text without spaces")] = ""
    """What this installation is called at the provider."""
    oidc_client_secret_file: Path = Path()
    """File with the client's secret; the web process alone reads it. Empty means that the provider asks for none."""
    oidc_title: Annotated[str, msgspec.Meta(max_length=40, title="up to 40 characters")] = ""
    """What the provider is called on the log-in page."""
    oidc_two_factor_acr: Annotated[str, msgspec.Meta(max_length=500, title="classes with spaces between them")] = ""
    """Authentication context classes that stand for two factors; besides them the method mfa (RFC 8176) does."""
    reports_since: Annotated[
        str, msgspec.Meta(pattern=r"^(|\d{4}-(0[1-9]|1[0-2])-01)\Z", title="first day of a month")
    ] = ""
    """From when on reports upward are asked for; empty means since the first account was made, before which nobody could fill one in."""
    demo_live_seats: Annotated[int, msgspec.Meta(ge=0, le=30)] = 6
    """Simulated candidates before cameras that a demo keeps at work; 0 for none."""
    form_window_min: Annotated[int, msgspec.Meta(ge=0, le=60)] = 15
    """Minutes before the start from which the candidate view of a form may be opened (DESIGN.md §7)."""

    @property
    def files_folder(self) -> Path:
        """Where files are stored."""
        return self.data_dir / "files" if self.files_dir == Path() else self.files_dir

    @property
    def signer_folder(self) -> Path:
        """Where the signer keeps its keys."""
        return self.data_dir / "signer" if self.signer_dir == Path() else self.signer_dir


_PLAIN = {"database_url": "DATABASE_URL", "valkey_url": "VALKEY_URL"}
_SECRET = frozenset(_PLAIN)
"""Settings whose values hold passwords: no message repeats them."""
SHOWN = 80
"""Characters of a wrong value that a message repeats."""


def variable_of(name: str) -> str:
    """Return the environment variable of a setting."""
    return _PLAIN.get(name, f"ANKAO_{name.upper()}")


def bounds_of(kind: Any) -> str:
    """Return in words what a setting may be."""
    known = msgspec.inspect.type_info(kind)
    if isinstance(known, msgspec.inspect.Metadata):
        return str((known.extra_json_schema or {})["title"])
    match known:
        case msgspec.inspect.IntType():
            return f"whole number from {known.ge} to {known.le}"
        case msgspec.inspect.FloatType():
            return f"number from {known.ge} to {known.le}"
        case msgspec.inspect.EnumType():
            return f"one of {', '.join(known.cls)}"
        case msgspec.inspect.LiteralType():
            return f"one of {', '.join(map(str, known.values))}"
        case _:
            return "path"


def _decode(kind: type[Any], value: Any) -> Any:
    return kind(value) if kind is Path else value


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Build the settings from an environment; an empty variable is an absent one.

    Raises SettingsError naming every variable that is wrong and what it may be.
    """
    source = os.environ if environ is None else environ
    given: dict[str, Any] = {}
    faults: list[str] = []
    for field in msgspec.structs.fields(Settings):
        if not (raw := source.get(variable_of(field.name))):
            continue
        try:
            given[field.name] = msgspec.convert(raw, field.type, strict=False, dec_hook=_decode)
        except msgspec.ValidationError:
            value = "" if field.name in _SECRET else f" is {raw[:SHOWN]!r} and"
            faults.append(f"{variable_of(field.name)}{value} must be: {bounds_of(field.type)}")
    settings = Settings(**given)
    if settings.media_last_port < settings.media_first_port:
        faults.append(f"{variable_of('media_last_port')} must not be below {variable_of('media_first_port')}")
    if faults:
        raise SettingsError(reason="; ".join(faults))
    return msgspec.structs.replace(settings, data_dir=settings.data_dir.resolve())
