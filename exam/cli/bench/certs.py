"""`ankao bench certs`: certificates, checks and log entries per processor second, each beside the bare libraries."""

import io
import time
from collections.abc import Callable
from itertools import groupby

import segno
from reportlab.pdfgen.canvas import Canvas

from certs.api import SpecimenPress
from exam.cli.bench.bare import BareCheck, BareSigner
from exam.cli.bench.log import measure_log
from exam.cli.bench.machine import describe_machine
from exam.cli.bench.report import Figure, Report
from exam.core.pdf.fonts import TEXT, install_fonts

UNSIGNED_LIMIT, SIGNED_LIMIT = 150, 20
"""Issue targets: PDFs per processor second, without and with their signature."""
CHECKS_PER_PDF, ENTRIES_PER_PDF = 10, 500
_LINE = "安全生产知识和管理能力考核合格证 张安宁 安全生产管理人员 一般生产经营单位 有效期限 二〇二六年"


def bench_certs(*, count: int) -> Report:
    """Make `count` certificates of each kind in one thread, check their QRs, and log five hundred entries for each."""
    machine, press = describe_machine(), SpecimenPress()
    signed = press.sign(press.pdf())  # the first one reads the fonts
    text, signer, check = press.qr_text(), BareSigner(), BareCheck().check
    per_s = {
        "unsigned": _per_cpu_s(press.pdf, count),
        "signed": _per_cpu_s(lambda: press.sign(press.pdf()), count),
        "ofd": _per_cpu_s(press.ofd, max(count // 10, 1)),
        "bare": _per_cpu_s(lambda: _bare(text), count),
        "bare_signed": _per_cpu_s(lambda: signer.sign(_bare(text)), count),
        "qr_checks": _per_cpu_s(lambda: press.check_qr(text), count * CHECKS_PER_PDF),
        "bare_checks": _per_cpu_s(check, count * CHECKS_PER_PDF),
    }
    log = measure_log(count * ENTRIES_PER_PDF)
    figures = {f"{name}_per_cpu_s": Figure(value, "1/s") for name, value in per_s.items()}
    figures |= {
        "log_appends_per_cpu_s": Figure(log.appends_per_cpu_s, "1/s"),
        "bare_hashes_per_cpu_s": Figure(log.bare_per_cpu_s, "1/s"),
        "log_proof": Figure(log.proof_bytes, "B"),
        "bare_path": Figure(log.path_bytes, "B"),
        "signed_size": Figure(len(signed) / 1024, "kB"),
    }
    ratios = {
        "unsigned_over_150_per_cpu_s": per_s["unsigned"] / UNSIGNED_LIMIT,
        "signed_over_20_per_cpu_s": per_s["signed"] / SIGNED_LIMIT,
        "unsigned_over_bare": per_s["unsigned"] / per_s["bare"],
        "signed_over_bare": per_s["signed"] / per_s["bare_signed"],
        "qr_checks_over_bare": per_s["qr_checks"] / per_s["bare_checks"],
        "log_appends_over_bare": log.appends_per_cpu_s / log.bare_per_cpu_s,
        "log_proof_over_bare": log.proof_bytes / log.path_bytes,
    }
    return Report("certs", figures, ratios, machine)


def _per_cpu_s(make: Callable[[], object], count: int) -> float:
    before = time.process_time()
    for _ in range(count):
        make()
    return count / (time.process_time() - before)


def _bare(text: str) -> bytes:
    """Draw a page with one line of the embedded face and the QR, its mask fixed as ours is, and nothing else.

    Neighbouring modules of a row are one rectangle.
    """
    install_fonts()
    out = io.BytesIO()
    canvas = Canvas(out, pageCompression=1)
    canvas.setFont(TEXT, 12)
    canvas.drawString(50, 700, _LINE)
    matrix = segno.make_qr(text, error="m", mask=0).matrix
    for y, row in enumerate(matrix):
        x = 0
        for dark, run in groupby(row):
            width = len(list(run))
            if dark:
                canvas.rect(50 + x * 2, 500 - y * 2, width * 2, 2, stroke=0, fill=1)
            x += width
    canvas.save()
    return out.getvalue()
