"""cmi5: sessions of units, what they say (statements) and what they keep (documents)."""

from exam.migrations.sql import grant, region_policy, run

revision = "20261127T1915"
down_revision = "20261127T1708"

_OWNER = """
            progress_id uuid not null constraint {t}_progress_id_fkey references training_progress,
            person_id uuid not null constraint {t}_person_id_fkey references identity_person,
            region text not null,"""


def upgrade() -> None:
    session, statement, document = "training_unit_session", "training_statement", "training_unit_document"
    run(
        f"""
        create table {session} (
            id uuid constraint {session}_pkey primary key,{_OWNER.format(t=session)}
            visit_id uuid not null constraint {session}_visit_id_fkey references training_visit,
            item text not null check (item <> ''),
            mode text not null check (mode in ('Normal', 'Review')),
            launched_at timestamptz not null,
            fetched_at timestamptz,
            initialized_at timestamptz,
            heard_at timestamptz,
            judged boolean not null,
            ended_by text not null check (ended_by in ('', 'terminated', 'abandoned'))
        )
        """,
        f"create index {session}_progress_id_idx on {session} (progress_id)",
        f"""
        create table {statement} (
            id uuid not null,{_OWNER.format(t=statement)}
            n bigint not null generated always as identity,
            session_id uuid not null constraint {statement}_session_id_fkey references {session},
            verb text not null,
            activity text not null,
            body jsonb not null,
            stored_at timestamptz not null,
            constraint {statement}_pkey primary key (progress_id, id)
        )
        """,
        f"create index {statement}_progress_id_n_idx on {statement} (progress_id, n)",
        f"""
        create table {document} (
            resource text not null check (resource in ('state', 'activity', 'agent')),
            activity text not null,
            name text not null check (name <> ''),{_OWNER.format(t=document)}
            content bytea not null,
            media_type text not null,
            at timestamptz not null,
            constraint {document}_pkey primary key (progress_id, resource, activity, name)
        )
        """,
    )
    for table in (session, statement, document):
        region_policy(table, person="person_id")
    grant(session, app="select, insert, update (fetched_at, initialized_at, heard_at, judged, ended_by)")
    grant(statement, app="select, insert")
    grant(document, app="select, insert, update (content, media_type, at), delete")
