"""What candidates agreed to stays word for word: a text that was shown is never changed, only followed by another."""

import hashlib

import msgspec

from exam.web.i18n import Catalogue
from proctor.media.consent import consent_texts, current_text

SHOWN = {
    "2026-11-27": "9d56c1dc66a89483530e19e54d3cb4c7c7a4c97d0ef56d67e12cdc71a52a65d7",
    "2026-11-27.2": "9530af9a10c203a490cca858df8677079c1b6801332e29ce5be2c6fdc525f492",
    "2026-11-28": "217ac6936ac39fad5185bc3627d5f150033b185b27a63cf3814805c82a1e19fe",
}
"""SHA-256 of every version; a new text gets a new line here, an old one never another digest."""


def test_no_text_that_was_shown_has_changed() -> None:
    found = {name: hashlib.sha256(msgspec.json.encode(text)).hexdigest() for name, text in consent_texts().items()}
    assert found == SHOWN


def test_the_present_text_names_centre_and_years_in_both_languages() -> None:
    english = Catalogue(["exam.web", "proctor"]).english
    for translate in (str, english.__getitem__):
        told = " ".join(each.text for each in current_text().shown(translate, centre="考点 B", years=7))
        assert "考点 B" in told
        assert " 7 " in told
        assert "{" not in told
