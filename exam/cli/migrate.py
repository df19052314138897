"""`ankao migrate`: roles, grants and schema."""

import rich_click as click

from exam.core.config import SettingsError, load_settings
from exam.core.db.ground import migrate, prepare
from exam.core.secrets import load_secrets


@click.command()
def command() -> None:
    """Prepare the database of DATABASE_URL and bring its schema up to date."""
    settings = load_settings()
    if not settings.database_url:
        raise SettingsError(reason="DATABASE_URL is not set")
    secrets = load_secrets(settings)
    prepare(settings.database_url, secrets)
    migrate(settings.database_url, secrets)
