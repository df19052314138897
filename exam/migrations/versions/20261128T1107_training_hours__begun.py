"""An entry of the ledger says when the class began in which it was studied: yearly training counts for the year of its class."""

from exam.migrations.sql import run

revision = "20261128T1107"
down_revision = "20261128T0931"


def upgrade() -> None:
    run(
        "drop function training_hours_of(uuid, text)",
        """
        create function training_hours_of(whose uuid, wanted text)
            returns table (
                kind text, origin text, node text, part text, seconds integer, recorded_at timestamptz, begun_on date
            )
            language sql stable security definer set search_path = public as $$
            select h.kind, h.origin, h.node, h.part, h.seconds, h.recorded_at, c.starts_on from training_hours h
            left join training_enrolment e on e.id = h.enrolment_id
            left join training_class c on c.id = e.class_id
            where h.person_id = whose and h.qualification = wanted order by h.recorded_at, h.id
        $$
        """,
        "revoke execute on function training_hours_of(uuid, text) from public",
        "grant execute on function training_hours_of(uuid, text) to ankao_app",
    )
