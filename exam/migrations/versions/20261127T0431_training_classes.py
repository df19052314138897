"""Training bodies, programmes, classes with their timetables, enrolments and learners' passes."""

from exam.migrations.sql import append_only, grant, region_policy, run

revision = "20261127T0431"
down_revision = "20261127T0430"


def upgrade() -> None:
    _bodies()
    _programmes()
    _classes()
    _enrolments()
    _visibility()
    _lookups()


def _bodies() -> None:
    run(
        """
        create table training_body (
            organisation_id uuid constraint training_body_pkey primary key
                constraint training_body_organisation_id_fkey references identity_organisation,
            name text not null,
            region text not null,
            state text not null check (state in ('approved', 'suspended')),
            approved_until date not null,
            basis text not null,
            approved_by uuid,
            approved_at timestamptz not null
        )
        """,
        """
        create table training_body_scope (
            organisation_id uuid not null constraint training_body_scope_organisation_id_fkey references training_body,
            qualification text not null,
            region text not null,
            constraint training_body_scope_pkey primary key (organisation_id, qualification)
        )
        """,
        """
        create table training_venue (
            id uuid constraint training_venue_pkey primary key,
            organisation_id uuid not null constraint training_venue_organisation_id_fkey references training_body,
            region text not null,
            name text not null,
            address text not null,
            capacity integer not null check (capacity between 1 and 1000),
            practice boolean not null,
            constraint training_venue_organisation_id_name_key unique (organisation_id, name)
        )
        """,
    )
    for table in ("training_body", "training_body_scope", "training_venue"):
        region_policy(table, organisation="organisation_id")
    grant("training_body", app="select, insert, update")
    grant("training_body_scope", app="select, insert, delete")
    grant("training_venue", app="select, insert, update")


def _programmes() -> None:
    run(
        """
        create table training_programme (
            id uuid constraint training_programme_pkey primary key,
            qualification text not null,
            kind text not null check (kind in ('initial', 'continuing', 'review')),
            version integer not null check (version >= 1),
            title text not null,
            syllabus text not null,
            rule_set text not null,
            basis text not null,
            state text not null check (state in ('draft', 'published', 'retired')),
            drafted_by uuid not null,
            published_by uuid,
            created_at timestamptz not null,
            published_at timestamptz,
            constraint training_programme_qualification_kind_version_key unique (qualification, kind, version),
            check (published_by <> drafted_by),
            check (state = 'draft' or published_by is not null)
        )
        """,
        "create unique index training_programme_published_idx on training_programme (qualification, kind)"
        " where state = 'published'",
        """
        create table training_programme_node (
            programme_id uuid not null
                constraint training_programme_node_programme_id_fkey references training_programme,
            code text not null,
            title text not null,
            theory_s integer not null check (theory_s between 0 and 10000000),
            practice_s integer not null check (practice_s between 0 and 10000000),
            position integer not null,
            constraint training_programme_node_pkey primary key (programme_id, code),
            check (theory_s + practice_s > 0)
        )
        """,
        # what a programme asks is public; once published it is fixed, and its successor is another version
        """
        create function training_guard_programme() returns trigger language plpgsql as $$
        begin
            if (old.state || '>' || new.state) <> all(array['draft>published', 'published>retired'])
                or (to_jsonb(new) - array['state', 'published_by', 'published_at'])
                    <> (to_jsonb(old) - array['state', 'published_by', 'published_at'])
            then
                raise exception 'programme % is fixed', old.id using errcode = 'insufficient_privilege';
            end if;
            return new;
        end
        $$
        """,
        "create trigger training_programme_guard before update on training_programme"
        " for each row execute function training_guard_programme()",
    )
    append_only("training_programme_node")
    grant("training_programme", app="select, insert, update (state, published_by, published_at)", bank="select")
    grant("training_programme_node", app="select, insert")


def _classes() -> None:
    run(
        """
        create table training_class (
            id uuid constraint training_class_pkey primary key,
            programme_id uuid not null constraint training_class_programme_id_fkey references training_programme,
            organisation_id uuid not null constraint training_class_organisation_id_fkey references training_body,
            body_name text not null,
            region text not null,
            qualification text not null,
            kind text not null,
            title text not null,
            starts_on date not null,
            ends_on date not null check (ends_on >= starts_on),
            capacity integer not null check (capacity between 1 and 1000),
            photo_asked boolean not null,
            state text not null check (state in ('planned', 'filed', 'cancelled', 'closed')),
            plan_digest text not null default '',
            remark text not null default '',
            created_by uuid,
            created_at timestamptz not null,
            filed_by uuid,
            filed_at timestamptz,
            check (state not in ('filed', 'closed') or (filed_at is not null and plan_digest <> ''))
        )
        """,
        "create index training_class_region_idx on training_class (region text_pattern_ops, starts_on)",
        "create index training_class_organisation_id_idx on training_class (organisation_id)",
        """
        create table training_session (
            id uuid constraint training_session_pkey primary key,
            class_id uuid not null constraint training_session_class_id_fkey references training_class,
            region text not null,
            starts_at timestamptz not null,
            ends_at timestamptz not null,
            venue_id uuid not null constraint training_session_venue_id_fkey references training_venue,
            venue_name text not null,
            teacher_id uuid not null constraint training_session_teacher_id_fkey references identity_account,
            teacher_name text not null,
            node text not null,
            node_title text not null,
            part text not null check (part in ('theory', 'practice')),
            check (ends_at > starts_at and ends_at - starts_at <= interval '8 hours')
        )
        """,
        # nobody teaches, sits or stands in two places: the database holds what two clerks at once could break
        "alter table training_session add constraint training_session_teacher_excl exclude using gist"
        " (teacher_id with =, tstzrange(starts_at, ends_at) with &&)",
        "alter table training_session add constraint training_session_venue_excl exclude using gist"
        " (venue_id with =, tstzrange(starts_at, ends_at) with &&)",
        "alter table training_session add constraint training_session_class_excl exclude using gist"
        " (class_id with =, tstzrange(starts_at, ends_at) with &&)",
    )
    region_policy("training_class", organisation="organisation_id")
    region_policy("training_session")
    grant("training_class", app="select, insert, update")
    grant("training_session", app="select, insert, delete")


def _enrolments() -> None:
    run(
        """
        create table training_enrolment (
            id uuid constraint training_enrolment_pkey primary key,
            class_id uuid not null constraint training_enrolment_class_id_fkey references training_class,
            person_id uuid not null constraint training_enrolment_person_id_fkey references identity_person,
            organisation_id uuid
                constraint training_enrolment_organisation_id_fkey references identity_organisation,
            region text not null,
            qualification text not null,
            kind text not null,
            state text not null check (state in ('enrolled', 'completed', 'withdrawn', 'transferred')),
            moved_from uuid constraint training_enrolment_moved_from_fkey references training_enrolment,
            reason text not null default '',
            enrolled_by uuid,
            enrolled_at timestamptz not null,
            ended_at timestamptz
        )
        """,
        "create unique index training_enrolment_class_id_person_id_idx on training_enrolment (class_id, person_id)"
        " where state in ('enrolled', 'completed')",
        "create index training_enrolment_person_id_idx on training_enrolment (person_id)",
        "create index training_enrolment_organisation_id_idx on training_enrolment (organisation_id)",
        """
        create table training_pass (
            enrolment_id uuid constraint training_pass_pkey primary key
                constraint training_pass_enrolment_id_fkey references training_enrolment,
            person_id uuid not null constraint training_pass_person_id_fkey references identity_person,
            region text not null,
            digest bytea not null constraint training_pass_digest_key unique,
            secret_sealed bytea not null
        )
        """,
    )
    region_policy("training_enrolment", person="person_id", organisation="organisation_id")
    region_policy("training_pass", person="person_id")
    append_only("training_pass")
    grant("training_enrolment", app="select, insert, update")
    grant("training_pass", app="select, insert")
    run(
        "alter table training_hours add constraint training_hours_enrolment_id_fkey"
        " foreign key (enrolment_id) references training_enrolment",
    )


def _visibility() -> None:
    # what an enrolment points at is visible to whoever sees the enrolment; its own policy decides who that is
    for table, key, column in (
        ("identity_person", "person_id", "id"),
        ("training_class", "class_id", "id"),
        ("training_session", "class_id", "class_id"),
    ):
        run(
            f"create policy {table}_enrolled on {table} for select to ankao_app"
            f" using (exists (select 1 from training_enrolment e where e.{key} = {table}.{column}))",
        )


def _lookups() -> None:
    # places are counted over all enrolments, also by an enterprise that sees its own people only
    _lookup(
        "training_places_taken(wanted uuid)",
        "taken bigint",
        "select count(*) from training_enrolment e where e.class_id = wanted and e.state in ('enrolled', 'completed')",
    )
    # classes that have been filed and have not begun are announced to everybody who may send people
    _lookup(
        "training_open_classes(since date)",
        "id uuid, title text, qualification text, kind text, body_name text, region text, starts_on date, ends_on date,"
        " capacity integer, taken bigint",
        "select c.id, c.title, c.qualification, c.kind, c.body_name, c.region, c.starts_on, c.ends_on, c.capacity,"
        " (select count(*) from training_enrolment e where e.class_id = c.id and e.state in ('enrolled', 'completed'))"
        " from training_class c where c.state = 'filed' and c.starts_on >= since order by c.starts_on, c.id",
    )
    # a person is trained once at a time for one thing, wherever the classes are
    _lookup(
        "training_standing_of(whose uuid, wanted text, sort text)",
        "class_id uuid, title text, ends_on date",
        "select c.id, c.title, c.ends_on from training_enrolment e join training_class c on c.id = e.class_id"
        " where e.person_id = whose and e.qualification = wanted and e.kind = sort and e.state = 'enrolled'"
        " and c.state in ('planned', 'filed')",
    )
    # whoever holds the pass's secret may know the enrolment: that is what a pass is
    _lookup(
        "training_enrolment_by_pass(wanted bytea)",
        "id uuid, person_id uuid, region text, state text",
        "select e.id, e.person_id, e.region, e.state from training_pass p"
        " join training_enrolment e on e.id = p.enrolment_id where p.digest = wanted",
    )


def _lookup(signature: str, columns: str, query: str) -> None:
    name = signature.split("(", maxsplit=1)[0]
    kinds = ", ".join(part.split()[1] for part in signature[len(name) + 1 : -1].split(", "))
    run(
        f"create function {signature} returns table ({columns})"
        f" language sql stable security definer set search_path = public as $$ {query} $$",
        f"revoke execute on function {name}({kinds}) from public",
        f"grant execute on function {name}({kinds}) to ankao_app",
    )
