"""Records of persons and enterprises, and the views that figures are counted from."""

from exam.migrations.sql import append_only, grant, region_policy, run

revision = "20261123T0900"
down_revision = "20261123T0800"

KINDS = "kind in ('result', 'issued', 'suspended', 'restored', 'revoked', 'superseded', 'annulled')"


def upgrade() -> None:
    _person_entries()
    _enterprise_entries()
    _visibility()
    _views()


def _person_entries() -> None:
    run(
        f"""
        create table records_person_entry (
            id uuid constraint records_person_entry_pkey primary key,
            person_id uuid not null constraint records_person_entry_person_id_fkey references identity_person,
            region text not null,
            kind text not null check ({KINDS}),
            subject_id uuid not null,
            qualification text not null,
            at timestamptz not null,
            recorded_at timestamptz not null,
            facts jsonb not null check (jsonb_typeof(facts) = 'object')
        )
        """,
        "create index records_person_entry_person_id_at_idx on records_person_entry (person_id, at)",
    )
    append_only("records_person_entry")
    grant("records_person_entry", app="select, insert")
    region_policy("records_person_entry", person="person_id")


def _enterprise_entries() -> None:
    run(
        f"""
        create table records_enterprise_entry (
            id uuid constraint records_enterprise_entry_pkey primary key,
            organisation_id uuid not null
                constraint records_enterprise_entry_organisation_id_fkey references identity_organisation,
            person_id uuid not null constraint records_enterprise_entry_person_id_fkey references identity_person,
            region text not null,
            kind text not null check ({KINDS}),
            subject_id uuid not null,
            qualification text not null,
            link text not null check (link in ('registration', 'engagement')),
            at timestamptz not null,
            recorded_at timestamptz not null,
            facts jsonb not null check (jsonb_typeof(facts) = 'object')
        )
        """,
        "create index records_enterprise_entry_organisation_id_at_idx"
        " on records_enterprise_entry (organisation_id, at)",
        "create index records_enterprise_entry_person_id_idx on records_enterprise_entry (person_id)",
    )
    append_only("records_enterprise_entry")
    grant("records_enterprise_entry", app="select, insert")
    region_policy("records_enterprise_entry", person="person_id", organisation="organisation_id")


def _views() -> None:
    """Publish what figures are counted from: ids, states and times, under the reader's own row-level security."""
    _view(
        "records_v_sitting",
        "select id, region, title, qualification, centre_name, starts_at, ends_at, state from sitting_sitting",
    )
    _view(
        "records_v_registration",
        "select id, sitting_id, person_id, organisation_id, region, qualification, state, registered_at"
        " from sitting_registration",
    )
    _view(
        "records_v_attempt",
        "select id, sitting_id, registration_id, region, state, started_at from delivery_attempt",
    )
    _view(
        "records_v_result",
        # what was told last of each attempt or sheet: a correction replaces the version before it
        """
        select r.id, r.origin_id, r.sitting_id, r.registration_id, r.region, r.qualification, r.part, r.passed,
            l.released_at
        from grading_result r join grading_release l on l.result_id = r.id
        where not exists (
            select 1 from grading_result later join grading_release told on told.result_id = later.id
            where later.origin_id = r.origin_id and later.version > r.version)
        """,
    )
    _view(
        "records_v_credential",
        """
        select id, person_id, region, qualification, category, status, valid_from_on, valid_until_on, review_due_on,
            least(valid_until_on, review_due_on) as ends_on, issued_on, number_masked, holder_masked, employer
        from certs_credential
        """,
    )
    _view(
        "records_v_enterprise",
        "select id, name, region, industry from identity_organisation"
        " where kind = 'enterprise' and deregistered_on is null",
    )
    _view(
        "records_v_requirement",
        # any item satisfies a special operator's post: an engagement does not say which one the work needs
        """
        select e.id as engagement_id, e.organisation_id, e.person_id, e.region, e.role, e.started_on, e.ended_on,
            case when e.role = 'special' or o.industry is null then e.role || '.*'
                else e.role || '.' || o.industry end as wanted
        from identity_engagement e join identity_organisation o on o.id = e.organisation_id
        """,
    )


def _view(name: str, query: str) -> None:
    run(f"create view {name} with (security_invoker = true) as {query}")
    grant(name, app="select")


def _visibility() -> None:
    run(
        # the supervisor of an enterprise sees what its people hold, wherever it was issued
        """
        create policy certs_credential_employed on certs_credential for select to ankao_app using (
            exists (
                select 1 from identity_engagement e
                where e.person_id = certs_credential.person_id and ankao_in_region(e.region)
                    and (e.ended_on is null or e.ended_on >= (now() at time zone 'Asia/Shanghai')::date)
            )
        )
        """,
    )
