"""The signer's side of the witness protocol: ask each witness for its signature, and hear what it has seen."""

from collections.abc import Sequence

import httpx
import structlog

from exam.core.audit.checkpoint import Checkpoint, open_checkpoint, read_size
from exam.core.audit.errors import LogBehindError
from exam.core.audit.note import Note, NoteError, Signature, UnsignedNoteError, VerifierKey, parse_signatures
from exam.core.audit.policy import Peer, Policy
from exam.core.audit.publication import LogPublication
from exam.core.audit.witness import Submission, digest_of

TIMEOUT_S = 5.0
UNIX = "unix:"
SIZE_TYPE = "text/x.tlog.size"
_OK, _CONFLICT, _NOT_FOUND = 200, 409, 404


class HttpCosigner:
    """One witness that is reached over HTTP, or over a socket of this machine (`unix:/path`)."""

    def __init__(self, name: str, peer: Peer, log: VerifierKey, publication: LogPublication) -> None:
        self.name = name
        self._peer = peer
        self._log = log
        self._publication = publication
        self._known = 0

    async def latest(self) -> Checkpoint | None:
        """Return the newest head of this log that the witness keeps and that this log's key has signed."""
        try:
            async with client_of(self._peer.url) as client:
                answer = await client.get(f"/{digest_of(self._log.name)}/checkpoint")
            if answer.status_code != _OK:
                return None
            return open_checkpoint(answer.content, self._log)[0]
        except (httpx.HTTPError, NoteError) as error:
            self._warn("witness_away", error=type(error).__name__)
            return None

    async def cosign(self, checkpoint: Checkpoint, note: Note) -> Sequence[Signature]:
        """Return the witness's signature over a head; none where it is away or refuses.

        Raises LogBehindError where it holds a longer head that this log's own key has signed: then it is the log that
        has lost something.
        """
        try:
            return await self._ask(checkpoint, note)
        except (httpx.HTTPError, NoteError) as error:
            self._warn("witness_away", error=type(error).__name__)
            return ()

    async def _ask(self, checkpoint: Checkpoint, note: Note) -> Sequence[Signature]:
        answer = await self._submit(checkpoint, note)
        if answer.status_code == _CONFLICT and answer.headers.get("content-type") == SIZE_TYPE:
            seen = read_size(answer.text.removesuffix("\n"))
            if seen > checkpoint.size:
                await self._require_not_behind(checkpoint)
                return ()
            if seen != self._known:
                self._known = seen
                answer = await self._submit(checkpoint, note)
        if answer.status_code != _OK:
            # it saw another history, or does not know this log: the missing signature shows, and the log line says why
            self._warn("witness_refuses", status=answer.status_code)
            return ()
        self._known = checkpoint.size
        return [each for each in parse_signatures(answer.text) if self._holds(note, each)]

    async def _submit(self, checkpoint: Checkpoint, note: Note) -> httpx.Response:
        known = min(self._known, checkpoint.size)
        path = tuple(await self._publication.consistency(known, checkpoint.size))
        async with client_of(self._peer.url) as client:
            return await client.post("/add-checkpoint", content=Submission(known, path, note).to_bytes())

    async def _require_not_behind(self, checkpoint: Checkpoint) -> None:
        latest = await self.latest()
        if latest and latest.size > checkpoint.size:
            raise LogBehindError(size=checkpoint.size, signed=latest.size)
        self._warn("witness_claims_more")

    def _holds(self, note: Note, signature: Signature) -> bool:
        key = self._peer.key
        if (signature.name, signature.key_id) != (key.name, key.key_id):
            return False
        try:
            key.verify(note.text, signature)
        except UnsignedNoteError:
            self._warn("witness_signature_wrong")
            return False
        return True

    def _warn(self, event: str, **fields: object) -> None:
        structlog.get_logger().warning(event, witness=self.name, **fields)


def cosigners_of(policy: Policy, log: VerifierKey, publication: LogPublication) -> list[HttpCosigner]:
    """Return the policy's witnesses that have an address."""
    return [HttpCosigner(name, peer, log, publication) for name, peer in policy.witnesses.items() if peer.url]


def client_of(url: str) -> httpx.AsyncClient:
    """Return a client whose paths are relative to a witness's prefix."""
    if url.startswith(UNIX):
        transport = httpx.AsyncHTTPTransport(uds=url.removeprefix(UNIX))
        return httpx.AsyncClient(transport=transport, base_url="http://witness", timeout=TIMEOUT_S)
    return httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, trust_env=False)
