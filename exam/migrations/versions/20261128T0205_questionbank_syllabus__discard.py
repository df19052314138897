"""A draft of a syllabus may be discarded, and its version used again; none is in force that one person made alone."""

from exam.migrations.sql import run

revision = "20261128T0205"
down_revision = "20261128T0203"


def upgrade() -> None:
    run(
        "alter table questionbank_syllabus drop constraint questionbank_syllabus_state_check,"
        " drop constraint questionbank_syllabus_check,"
        " drop constraint questionbank_syllabus_qualification_version_key,"
        " add constraint questionbank_syllabus_state_check"
        " check (state in ('draft', 'published', 'retired', 'discarded')),"
        # a comparison with nobody is neither true nor false, and a constraint lets it pass
        " add constraint questionbank_syllabus_two_people_check check ("
        " state in ('draft', 'discarded') or (published_by is not null and published_by <> drafted_by))",
        "create unique index questionbank_syllabus_version_idx on questionbank_syllabus (qualification, version)"
        " where state <> 'discarded'",
    )
