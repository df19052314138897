"""Ways out of the house: what a carrier is, mail over SMTP, and one signed webhook of the installation."""

import asyncio
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Protocol

import httpx
import msgspec

from exam.core.config import Settings
from exam.core.errors import DomainError, Kind
from exam.records.exchange.addresses import judge_address
from exam.records.exchange.errors import AddressRefusedError, AddressUnknownError
from exam.records.exchange.signing import headers_of

TIMEOUT_S = 20


class CarrierError(DomainError):
    """The message did not go out; it will be tried again."""

    kind = Kind.UNAVAILABLE
    code = "reminder_carrier"
    message = "提醒没有发出:{why}"


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What goes out: `to` is a mail address, or empty where the carrier knows where to; no personal data in it."""

    id: str
    to: str
    title: str
    text: str
    more: str
    """The page where reminders are read and mail is stopped."""
    body: bytes
    """The same for programs, JSON."""
    unix_s: int


class Carrier(Protocol):
    """Takes one letter out, or raises CarrierError."""

    async def carry(self, letter: Letter) -> None: ...


class Smtp(msgspec.Struct, frozen=True):
    """Mail by the server of the settings, over TLS unless it is said otherwise."""

    settings: Settings

    async def carry(self, letter: Letter) -> None:
        try:
            await asyncio.to_thread(self._send, _mail(letter, self.settings.smtp_from))
        except (OSError, smtplib.SMTPException) as error:
            raise CarrierError(why=type(error).__name__) from error

    def _send(self, mail: EmailMessage) -> None:
        settings, context = self.settings, ssl.create_default_context()
        with _connect(settings, context) as server:
            if settings.smtp_tls == "starttls":
                server.starttls(context=context)
            if settings.smtp_user:
                server.login(settings.smtp_user, _secret(settings.smtp_password_file))
            server.send_message(mail)


class Webhook(msgspec.Struct, frozen=True):
    """One signed POST (Standard Webhooks) to the address of the settings."""

    settings: Settings

    async def carry(self, letter: Letter) -> None:
        settings = self.settings
        try:
            target = await judge_address(settings.remind_webhook_url, settings.exchange_inside)
            headers = headers_of(_secret(settings.remind_webhook_secret_file), letter.id, letter.unix_s, letter.body)
            headers |= {"content-type": "application/json", "host": target.host}
            async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, follow_redirects=False) as client:
                request = client.build_request(
                    "POST", target.url, content=letter.body, headers=headers, extensions=target.extensions
                )
                answer = await client.send(request)
        except (httpx.HTTPError, OSError, AddressRefusedError, AddressUnknownError) as error:
            raise CarrierError(why=type(error).__name__) from error
        if not answer.is_success:
            raise CarrierError(why=str(answer.status_code))


def mailer_of(settings: Settings) -> Carrier | None:
    """Return who carries mail, or None where no server is set."""
    return Smtp(settings) if settings.smtp_host and settings.smtp_from else None


def webhook_of(settings: Settings) -> Carrier | None:
    """Return who calls the installation's webhook, or None where none is set."""
    return Webhook(settings) if settings.remind_webhook_url else None


def _connect(settings: Settings, context: ssl.SSLContext) -> smtplib.SMTP:
    if settings.smtp_tls == "tls":
        return smtplib.SMTP_SSL(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT_S, context=context)
    return smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT_S)


def _secret(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip()


def _mail(letter: Letter, sender: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, letter.to, letter.title
    mail["Date"] = formatdate(letter.unix_s, localtime=False)
    mail["Message-ID"] = make_msgid(idstring=letter.id, domain=sender.rpartition("@")[2].strip(" >"))
    mail["Auto-Submitted"] = "auto-generated"
    mail["List-Unsubscribe"] = f"<{letter.more}>"
    mail.set_content(letter.text)
    return mail
