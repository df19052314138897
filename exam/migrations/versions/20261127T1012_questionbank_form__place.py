"""A form keeps its place in the deal: forms that follow one another share least, and a draw is dealt again in their order."""

from exam.migrations.sql import run

revision = "20261127T1012"
down_revision = "20261127T1005"


def upgrade() -> None:
    run(
        "alter table questionbank_form add place integer check (place >= 0)",
        "alter table questionbank_form disable trigger questionbank_form_guard",
        "update questionbank_form set place = ranked.place from (select id, row_number() over"
        " (partition by draw_id, round order by key) - 1 as place from questionbank_form) ranked"
        " where questionbank_form.id = ranked.id",
        "alter table questionbank_form enable trigger questionbank_form_guard",
        "alter table questionbank_form alter place set not null",
        "alter table questionbank_form add constraint questionbank_form_draw_id_round_place_key"
        " unique (draw_id, round, place)",
        # a form goes to one candidate once; no other byte of it ever changes
        """
        create or replace function questionbank_guard_form() returns trigger language plpgsql as $$
        begin
            if old.claimed_by is not null
                or (new.id, new.draw_id, new.sitting_id, new.region, new.key, new.standby, new.round, new.place,
                    new.created_at, new.candidate_sealed, new.scoring_sealed, new.candidate_digest, new.scoring_digest)
                is distinct from
                (old.id, old.draw_id, old.sitting_id, old.region, old.key, old.standby, old.round, old.place,
                    old.created_at, old.candidate_sealed, old.scoring_sealed, old.candidate_digest, old.scoring_digest)
            then
                raise exception 'form % is fixed', old.id using errcode = 'insufficient_privilege';
            end if;
            return new;
        end
        $$
        """,
    )
