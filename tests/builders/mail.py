"""A mail server on the loopback: what smtplib says to it is parsed as RFC 5321 has it, and kept."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage


class MailServer:
    """Accepts mail for anybody; `down` refuses every sender, as a server that is overloaded does."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.down = False
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 localhost\r\n")
        while line := (await reader.readline()).decode().strip():
            verb = line.split(" ")[0].upper()
            if verb == "DATA":
                writer.write(b"354 go on\r\n")
                text = await reader.readuntil(b"\r\n.\r\n")
                self.mails.append(message_from_bytes(text.removesuffix(b".\r\n"), policy=policy.default))
            writer.write(self._answer(verb, line))
            await writer.drain()
            if verb == "QUIT":
                break
        writer.close()

    def _answer(self, verb: str, line: str) -> bytes:
        if verb == "MAIL" and self.down:
            return b"451 try again later\r\n"
        if verb == "RCPT":
            self.recipients.append(line.partition("<")[2].partition(">")[0])
        return {"QUIT": b"221 bye\r\n", "EHLO": b"250-localhost\r\n250 8BITMIME\r\n"}.get(verb, b"250 ok\r\n")


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    """Run the server until the test is over."""
    kept = MailServer()
    server = await asyncio.start_server(kept.serve, "127.0.0.1", 0)
    kept.port = server.sockets[0].getsockname()[1]
    async with server:
        yield kept
