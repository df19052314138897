"""Logs hold what we say, and no addresses of candidates that libraries would print with every connection."""

import logging
import sys

import pytest
import structlog

from exam.core.log import configure_logging


@pytest.mark.parametrize("library", ["aioice.ice", "aiortc.rtcpeerconnection", "httpx"])
def test_a_library_does_not_tell_who_connected_from_where(library: str, capfd: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers[:], logging.getLogger().level
    try:
        configure_logging()
        logging.getLogger(library).info("candidate 192.0.2.7")
        logging.getLogger(library).warning("broken")
    finally:
        logging.getLogger().handlers[:], logging.getLogger().level = before
        structlog.reset_defaults()
    sys.stderr.flush()
    said = capfd.readouterr().err
    assert "192.0.2.7" not in said
    assert "broken" in said
