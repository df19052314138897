"""Instances of three levels for tests: databases of their own, real certificates, and people who connect them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import text

from exam.app import compose_runtime
from exam.cli.node import PeerProtocol, tls_of
from exam.core.clock import Clock
from exam.core.config import Settings
from exam.core.db.scope import Scope
from exam.core.ids import new_id
from exam.core.principal import Grant, Principal
from exam.core.runtime import Runtime
from exam.records.exchange.neighbours import admit, register
from exam.records.exchange.receiving import address_of
from exam.records.exchange.state import Carriage
from exam.records.nodes.identity import confirm_identity, create_keys, find_card, propose_identity
from exam.records.nodes.plugin import PLUGIN
from exam.web.shell import build_shell
from tests.builders.exchange import listening
from tests.services import Services

KINDS = ("result.released", "credential.changed", "credit.changed", "report.submitted")
ROOT = Scope(region="33")


class Authority:
    """A certification authority of the day, and the certificates that it has issued."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test Authority")])
        self.roots = self._write("roots.pem", self._certificate(self._name, self._key, authority=True))

    def issue(self, settings: Settings, name: str) -> Settings:
        """Return the settings of a node with a certificate of its own."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        plain = serialization.NoEncryption()
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        return msgspec.structs.replace(
            settings,
            exchange_certificate=self._write(f"{name}.pem", self._certificate(subject, key, authority=False)),
            exchange_key=self._write(f"{name}.key", private),
            exchange_roots=self.roots,
            exchange_inside="127.0.0.1",
        )

    def _certificate(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, authority: bool) -> bytes:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder(self._name, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        )
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _write(self, name: str, data: bytes) -> Path:
        path = self._folder / name
        path.write_bytes(data)
        path.chmod(0o600)
        return path


class Node(msgspec.Struct, frozen=True):
    """One instance."""

    runtime: Runtime

    @property
    def certificate(self) -> str:
        return self.runtime.settings.exchange_certificate.read_text(encoding="ascii")

    async def keys(self) -> str:
        """Return the node's card, its keys made if it has none."""
        if known := await find_card(self.runtime):
            return known.text
        async with self.runtime.databases.transaction(ROOT) as session:
            return (await create_keys(session, admin("system_admin"), self.runtime)).text

    async def neighbour(
        self, region: str, card: str, certificate: str, *, address: str = "", given: str = "", sends: bool = False
    ) -> tuple[UUID, str]:
        """Register another node, its card and certificate, each by two people."""
        kinds = () if sends else KINDS
        operator, approver = admin("system_admin"), admin("security_admin")
        async with self.runtime.databases.transaction(ROOT) as session:
            found = await register(
                session,
                operator,
                self.runtime,
                name="节点",
                region=region,
                address=address,
                form="json",
                kinds=kinds,
                sends=sends,
                given=given,
                carriage=Carriage.MESSAGE if sends else Carriage.BATCH,
            )
            await admit(session, approver, found[0], at=self.runtime.clock.now())
            await propose_identity(session, operator, self.runtime, found[0], card=card, certificate=certificate)
            await confirm_identity(session, approver, self.runtime, found[0])
        return found

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what a query finds in the instance's whole region."""
        async with self.runtime.databases.session(ROOT) as session:
            return [tuple(row) for row in await session.execute(text(query))]


def admin(role: str) -> Principal:
    """Return somebody with a role over everything."""
    return Principal(account=new_id(), grants=(Grant(role, "33"),), second_factor=True)


def regulator(region: str) -> Principal:
    """Return a regulator of a region."""
    return Principal(account=new_id(), name="监管员", grants=(Grant("regulator", region),), second_factor=True)


async def connect(lower: Node, upper: Node, region: str, *, network: bool = True) -> UUID:
    """Connect two levels as their administrators do, and return the upper node's id as the lower one knows it.

    The upper side hands over secret and address; both hand over cards and certificates.
    """
    above, below = await upper.keys(), await lower.keys()
    sender, secret = await upper.neighbour(region, below, lower.certificate if network else "", sends=True)
    address = address_of(upper.runtime, sender) if network else ""
    found, _ = await lower.neighbour(region, above, "", address=address, given=secret)
    return found


@asynccontextmanager
async def node(services: Services, authority: Authority, name: str, clock: Clock) -> AsyncIterator[Node]:
    """Run an instance that takes calls by mutual TLS on a port of its own."""
    with services.database() as fresh:
        settings = authority.issue(fresh, name)
        runtime = compose_runtime(settings, clock=clock)
        app = build_shell(runtime, (PLUGIN,))
        async with listening(app, http=PeerProtocol, **tls_of(settings)) as address:
            object.__setattr__(runtime, "settings", msgspec.structs.replace(settings, base_url=address))
            yield Node(runtime)
        await runtime.close()
