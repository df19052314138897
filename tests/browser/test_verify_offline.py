"""One story: the public check by QR text and by PDF, then the file that a regulator keeps, opened from the disk."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from playwright.sync_api import Browser, Page, expect

from certs.copies import draw_ofd
from certs.document import permit_pdf
from certs.envelope import qr_attachment, seal_file
from certs.lifecycle import suspend
from certs.offline_page import render_page
from certs.pades.identity import LocalDocumentSigner, create_document_file
from certs.pades.making import sign_document
from certs.publishing import LIST_KEY, publish_status
from certs.qr import encode_payload
from certs.signing import KeyRing, LocalSigner
from certs.statuslist import StatusCode, pack_codes, sign_list
from certs.suites import SIGNATURE_BYTES, Algorithm, FileKey, generate_key, holds
from exam.core.runtime import Runtime
from tests.browser.live import LiveServer
from tests.builders.certs import BUREAU, HERE, Certified, certified, regulator
from tests.builders.documents import ISSUER, certificate_face, payload, signer

Check = Callable[[Page], list[str]]
MAX_PAGE = 64 * 1024
"""Bytes of the page without a list: it goes by mail and on a stick."""
NOW = datetime.now(UTC)
Case = tuple[Algorithm, bytes, bytes, bytes]
NO_ED25519 = "crypto.subtle.importKey = () => Promise.reject(new Error('not here'));"


@pytest.fixture
def holder(live_server: LiveServer) -> Certified:
    """Issue a certificate on the live server and publish the list."""
    made = live_server.do(certified)
    live_server.do(publish_status)
    return made


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def _word(page: Page) -> str:
    return page.locator("#answer .word:visible, #word").inner_text()


def _ask(page: Page, code: str) -> str | None:
    page.get_by_role("textbox", name="二维码内容").fill(code)
    page.get_by_role("button", name="核验", exact=True).click()
    expect(page.locator("#answer .verdict")).to_be_visible()
    page.wait_for_function("document.activeElement?.id === 'answer'")
    page.locator("#code").focus()
    return page.locator("#answer").get_attribute("data-verdict")


async def _suspend(runtime: Runtime, holder: Certified) -> bytes:
    async with runtime.databases.transaction(HERE) as session:
        await suspend(session, regulator(), holder.credential_id, reason="核查", at=runtime.clock.now())
    await publish_status(runtime)
    return await runtime.storage.get(LIST_KEY)


def test_the_public_page_and_the_file_for_keeping(
    browser: Browser, page: Page, live_server: LiveServer, holder: Certified, axe: Check, tmp_path: Path
) -> None:
    pdf, altered = tmp_path / "c.pdf", tmp_path / "altered.pdf"
    pdf.write_bytes(holder.pdf)
    altered.write_bytes(_flipped(holder.pdf, 20))
    page.goto("/verify")
    page.get_by_label("二维码内容或公开编号").fill(holder.qr_text)
    page.get_by_role("button", name="开始核验").click()
    assert _word(page) == "有效"
    page.goto("/verify")
    page.get_by_label("PDF 或 OFD 文件").set_input_files(pdf)
    page.get_by_role("button", name="上传并核验").click()
    assert _word(page) == "有效"
    page.goto("/verify")
    page.get_by_role("link", name="下载离线核验页").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="下载离线核验页").click()
    kept = tmp_path / "ankao-verifier.html"
    download.value.save_as(kept)

    newer, broken = tmp_path / "list.jwt", tmp_path / "broken.jwt"

    async def suspended(runtime: Runtime) -> bytes:
        return await _suspend(runtime, holder)

    with _opened(browser, kept) as opened:
        _check_the_codes(opened, holder)
        _check_the_files(opened, pdf, altered)
        assert axe(opened) == []
        assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        newer.write_bytes(live_server.do(suspended))
        opened.get_by_label("换用较新的状态清单").set_input_files(newer)
        expect(opened.get_by_text("已换用这份清单")).to_be_visible()
        assert _ask(opened, holder.qr_text) == "suspended"
        broken.write_bytes(_flipped(newer.read_bytes(), 200))
        opened.get_by_label("换用较新的状态清单").set_input_files(broken)
        expect(opened.locator("#newer-refused")).to_be_visible()
    with _opened(browser, kept, script=NO_ED25519) as opened:
        assert _ask(opened, holder.qr_text) == "issued"
        assert _ask(opened, _changed(holder.qr_text, -30)) == "signature"


@contextmanager
def _opened(browser: Browser, kept: Path, *, script: str = "") -> Iterator[Page]:
    """Open the kept file on a phone without a network; a script error, a refusal or any request fails the test."""
    phone = browser.new_context(offline=True, locale="zh-CN", viewport={"width": 390, "height": 844})
    phone.add_init_script(script)
    page, complaints = phone.new_page(), list[str]()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("request", lambda request: complaints.append(request.url))
    page.goto(kept.as_uri())
    page.wait_for_selector("body[data-ready]")
    yield page
    assert complaints == [kept.as_uri()]
    phone.close()


def _check_the_codes(page: Page, holder: Certified) -> None:
    assert _ask(page, holder.qr_text) == "issued"
    answer = page.locator("#answer")
    expect(answer).to_contain_text("低压电工作业")
    expect(answer.locator(".word span:visible")).to_have_text("真实")
    expect(answer).not_to_contain_text("有效。")
    assert _ask(page, holder.qr_text.replace("AK1.", "AK1.A")) == "malformed"
    assert _ask(page, encode_payload(payload(), signer(9))) == "unknown_key"
    start = holder.qr_text.index("AK1.") + 4
    for at in range(start, len(holder.qr_text), 17):
        assert _ask(page, _changed(holder.qr_text, at)) in {"signature", "malformed", "unknown_key"}
    page.get_by_role("button", name="English").click()
    visible = page.evaluate("document.body.innerText")
    assert re.findall("[\u4e00-\u9fff]+", visible.replace("中文", "").replace(BUREAU, "")) == []
    page.get_by_role("button", name="中文").click()


def _changed(code: str, at: int) -> str:
    return code[:at] + ("A" if code[at] != "A" else "B") + code[at:][1:]


def _check_the_files(page: Page, pdf: Path, altered: Path) -> None:
    answer = page.locator("#answer")
    page.get_by_label("选择 PDF 或 OFD 文件").set_input_files(pdf)
    expect(answer).to_have_attribute("data-verdict", "issued")
    expect(answer).to_contain_text("与签发时逐字节一致")
    page.get_by_label("选择 PDF 或 OFD 文件").set_input_files(altered)
    expect(answer).to_have_attribute("data-verdict", "file_altered")


KEYS = {each: generate_key(each) for each in Algorithm}
ASK_THE_PAGE = """async (cases) => {
  PARTS
  const own = { ...SUITES, Ed25519: verifiedHere, "ECDSA-P256": ecdsaVerifiedHere };
  const out = [];
  for (const [name, ...parts] of cases) {
    const [key, signature, message] = parts.map((each) => Uint8Array.from(each));
    out.push([await SUITES[name](key, signature, message), await own[name](key, signature, message)]);
  }
  return out;
}"""


def _cases(key: FileKey, random: Random) -> Iterator[Case]:
    """Give signatures at every edge of a digest's block, and what was changed in each of three places."""
    half = SIGNATURE_BYTES // 2
    for size in (0, 55, 56, 64, 111, 112, random.randrange(1000)):
        message = random.randbytes(size)
        public, signature = key.public, key.sign(message)
        yield key.algorithm, public, signature, message
        if message:
            yield key.algorithm, _bad(public, random), signature, message
            yield key.algorithm, public, _bad(signature, random), message
            yield key.algorithm, public, signature, _bad(message, random)
    for first, second in ((0, 1), (1, 0), (255, 255), (0, 0), (1, 255)):
        yield key.algorithm, key.public, bytes([first] * half + [second] * half), b"x"


def _bad(data: bytes, random: Random) -> bytes:
    return _flipped(data, random.randrange(len(data)))


def _script() -> str:
    folder = Path("certs/verifier")
    parts = (folder / f"{name}.js" for name in ("trust", "ed25519", "digests", "curves"))
    return ASK_THE_PAGE.replace("PARTS", "".join(each.read_text() for each in parts))


def _document(code: str, documents: LocalDocumentSigner, key: LocalSigner) -> bytes:
    drawn = permit_pdf(certificate_face(), attachments=(qr_attachment(code),))
    return seal_file(sign_document(drawn, documents, issuer=ISSUER, at=NOW), key)


def test_the_file_checks_every_algorithm_as_the_server_does(browser: Browser, tmp_path: Path) -> None:
    documents = create_document_file(tmp_path / "documents.pem", name=ISSUER)
    signers = [LocalSigner(each) for each in KEYS.values()]
    ring = KeyRing([*(each.pinned_as(ISSUER) for each in signers), documents.name.pinned_as(ISSUER)])
    cases = [case for key in KEYS.values() for case in _cases(key, Random(5))]
    aside = ThreadPoolExecutor(1)  # the browser's driver holds this thread's event loop
    expected = [holds(name, key, message, signature) for name, key, signature, message in cases]
    assert expected.count(True) >= 3 * 7
    for number, key in enumerate(signers):
        packed = pack_codes([(3, StatusCode.ISSUED)], 8)
        token = sign_list(packed, key, issuer=ISSUER, address="x", at=NOW)
        kept, file, altered = (tmp_path / f"{number}{name}" for name in (".html", ".pdf", "altered.pdf"))
        kept.write_bytes(render_page(ring, token, site="https://exam.example", demo=False))
        assert kept.stat().st_size <= MAX_PAGE
        code = encode_payload(payload(position=3), key)
        file.write_bytes(aside.submit(_document, code, documents, key).result())
        altered.write_bytes(_flipped(file.read_bytes(), 20))
        with _opened(browser, kept) as opened:
            assert _ask(opened, code) == "issued"
            assert _ask(opened, _changed(code, -30)) == "signature"
            _check_the_files(opened, file, altered)
            file.write_bytes(seal_file(draw_ofd(certificate_face(qr_text=code)), key))
            altered.write_bytes(_flipped(file.read_bytes(), 5000))
            _check_the_files(opened, file, altered)
            if not number:
                plain = [[name.value, *(list(each) for each in rest)] for name, *rest in cases]
                assert opened.evaluate(_script(), plain) == [[each, each] for each in expected]
