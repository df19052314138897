"""A generated province: people, sittings, attempts, results, certificates and hours over four years, in plain SQL.

Nothing of it went through an exam; it is there to be counted. Rows have the shape and spread of real ones: the centres
of 90 counties, sittings of fifty, a tenth absent, seven of ten passed, a regrade here and a suspension there.
"""

import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import psycopg

PEOPLE, ATTEMPTS = 5_000_000, 20_000_000
"""Of the whole province, at scale 1."""
PER_SITTING = 50
YEARS = 4

_COUNTY = "(array(select path from identity_region where level = 3 order by path))[1 + {} % 90]"
_ITEM = "(array['special.1.2', 'special.2.1', 'special.3.1', 'officer.general', 'principal.general'])[1 + {} % 5]"
_AT = "timestamptz '2022-11-28 01:00+00' + ({n} % 1460) * interval '1 day' + ({n} % 8) * interval '1 hour'"


def _id(kind: str, n: str) -> str:
    """Number the rows of a kind as the product's own ids do: in the order in which they come."""
    return f"('{ord(kind):08x}' || lpad(to_hex(({n})::bigint), 24, '0'))::uuid"


def _statements(people: int, attempts: int) -> list[str]:
    sittings, enterprises = max(1, attempts // PER_SITTING), max(90, people // 25)
    return [*_persons(people, enterprises), *_exams(people, sittings, enterprises), *_credentials_and_hours(people)]


def _persons(people: int, enterprises: int) -> list[str]:
    return [
        (
            f"insert into identity_organisation (id, kind, name, region, industry, created_at)"
            f" select {_id('c', 'n')}, 'centre', '考点 ' || n, {_COUNTY.format('n')}, null, '2022-01-01'"
            f" from generate_series(0, 89) n"
        ),
        (
            f"insert into identity_organisation (id, kind, name, region, industry, created_at)"
            f" select {_id('e', 'n')}, 'enterprise', '企业 ' || n, {_COUNTY.format('n')},"
            f" (array['general', 'chemical-trade', 'mine'])[1 + n % 3], '2022-01-01' from generate_series(0, {enterprises - 1}) n"
        ),
        (
            f"insert into identity_person (id, name, id_sealed, id_index, id_masked, birth_on, sex, region, created_at)"
            f" select {_id('p', 'n')}, '测试', '\\x01', sha256(n::text::bytea), '', '1990-01-01', 'male',"
            f" {_COUNTY.format('n')}, '2022-01-01' from generate_series(0, {people - 1}) n"
        ),
        (
            f"insert into identity_engagement (id, person_id, organisation_id, role, region, started_on)"
            f" select {_id('w', 'n')}, {_id('p', 'n')}, {_id('e', f'(n % {enterprises})')},"
            f" (array['special', 'officer', 'principal'])[1 + n % 3], {_COUNTY.format(f'(n % {enterprises})')}, '2023-01-01'"
            f" from generate_series(0, {people - 1}, 3) n"
        ),
    ]


def _exams(people: int, sittings: int, enterprises: int) -> list[str]:
    # sittings follow each other in time, and rows lie in the order in which they came
    at = f"timestamptz '2022-11-28 01:00+00' + s * interval '{YEARS * 365} days' / {sittings}"
    seat = f"generate_series(1, {sittings}) s cross join generate_series(1, {PER_SITTING}) k"
    n = f"((s - 1) * {PER_SITTING} + k)"
    person = _id("p", f"({n} % {people})")
    return [
        *_seats(sittings, enterprises, at=at, seat=seat, n=n, person=person),
        *_outcomes(at=at, seat=seat, n=n, person=person),
    ]


def _seats(sittings: int, enterprises: int, *, at: str, seat: str, n: str, person: str) -> list[str]:
    county, item = _COUNTY.format("s"), _ITEM.format("s")
    return [
        "insert into sitting_plan (id, title, region, created_at) values (md5('plan')::uuid, 'x', '33', now())",
        (
            f"insert into sitting_sitting (id, plan_id, title, qualification, region, centre_id, centre_name, address,"
            f" starts_at, ends_at, duration_s, state, rule_set, created_at, opened_at)"
            f" select {_id('s', 's')}, md5('plan')::uuid, 'x', {item}, {county}, {_id('c', '(s % 90)')}, '考点', '', {at},"
            f" {at} + interval '2 hours', 7200, 'released', 'x', {at}, {at} from generate_series(1, {sittings}) s"
        ),
        (
            f"insert into sitting_registration (id, sitting_id, person_id, organisation_id, qualification, region, room_id,"
            f" seat_no, seat, state, kind, rule_set, reasons, registered_at)"
            f" select {_id('r', n)}, {_id('s', 's')}, {person}, {_id('e', f'({n} % {enterprises})')}, {item}, {county},"
            f" {_id('s', 's')}, k, '', 'accepted', 'first', 'x', '[]', {at} - interval '10 days' from {seat}"
        ),
    ]


def _outcomes(*, at: str, seat: str, n: str, person: str) -> list[str]:
    registration, attempt, result = _id("r", n), _id("a", n), _id("g", n)
    county, item = _COUNTY.format("s"), _ITEM.format("s")
    marks = f"(3000 + ({n} * 7919::bigint) % 7000)"
    return [
        (
            f"insert into delivery_attempt (id, registration_id, sitting_id, room_id, seat, person_id, region, rule_set, state,"
            f" epoch, terminal_thumbprint, duration_s, grace_s, display, starts_at, starts_until, checked_in_at, started_at)"
            f" select {attempt}, {registration}, {_id('s', 's')}, {_id('s', 's')}, '', {person}, {county}, 'x',"
            f" case when {n} % 97 = 0 then 'voided' else 'released' end, 1, 'x', 7200, 30, '{{}}', {at}, {at}, {at},"
            f" {at} + interval '5 minutes' from {seat} where k % 10 > 0"
        ),
        (
            f"insert into grading_result (id, attempt_id, version, sitting_id, registration_id, person_id, region,"
            f" qualification, part, marks, pass_marks, passed, outcome, rule_set, reason, taken_at, made_at)"
            f" select {result}, {attempt}, 1, {_id('s', 's')}, {registration}, {person}, {county}, {item}, 'theory', {marks},"
            f" 8000, {marks} >= 8000, case when {marks} >= 8000 then 'passed' else 'failed' end, 'x', '', {at}, {at}"
            f" from {seat} where k % 10 > 0"
        ),
        (
            f"insert into grading_release (id, result_id, person_id, region, released_at)"
            f" select {_id('l', n)}, {result}, {person}, {county}, {at} + interval '6 hours' from {seat} where k % 10 > 0"
        ),
        (
            f"insert into proctor_incident (id, attempt_id, sitting_id, person_id, region, category, summary, state,"
            f" happened_at, reported_by, reported_at) select {_id('i', n)}, {attempt}, {_id('s', 's')}, {person}, {county},"
            f" 'x', 'x', 'reported', {at}, {person}, {at} from {seat} where k = 7"
        ),
    ]


def _credentials_and_hours(people: int) -> list[str]:
    return [
        (
            f"insert into certs_credential (id, public_id, version, number_sealed, number_index, query_index, number_masked,"
            f" person_id, holder_masked, qualification, category, region, issued_on, first_issued_on, valid_from_on,"
            f" valid_until_on, status, rule_set, basis, issuer_id, issuer_name, employer, results, issued_at)"
            f" select {_id('d', 'n')}, 'b' || n, 1, '', sha256(n::text::bytea), '', '', {_id('p', 'n')}, '', q,"
            f" split_part(q, '.', 1), {_COUNTY.format('n')}, t::date, t::date, t::date, t::date + 1095,"
            f" case when n % 211 = 0 then 'suspended' else 'issued' end, 'x', '', {_id('c', '(n % 90)')}, '', '', '[]', t"
            f" from (select n, {_AT.format(n='n')} as t, {_ITEM.format('n')} as q from generate_series(0, {people - 1}) n) x;"
            " insert into certs_credential_event (id, credential_id, region, kind, reason, at, audit_id, ground, rule_set, basis)"
            " select gen_random_uuid(), id, region, 'issued', '', issued_at, id, '', '', '' from certs_credential;"
            " insert into certs_credential_event (id, credential_id, region, kind, reason, at, audit_id, ground, rule_set, basis)"
            " select gen_random_uuid(), id, region, 'suspended', '', issued_at + interval '30 days', id, '', '', '' from certs_credential"
            " where status = 'suspended'"
        ),
        (
            f"insert into training_hours (id, person_id, qualification, kind, source, region, recorded_at, seconds, origin,"
            f" node, part, rules, evidence) select {_id('h', 'n')}, {_id('p', 'n')}, 'officer.general', 'initial', 'x',"
            f" {_COUNTY.format('n')}, {_AT.format(n='n')}, 86400, 'attested', '', '', 'x', ''"
            f" from generate_series(0, {people - 1}) n"
        ),
    ]


# to build an index once over all rows takes a third of the time that it takes to keep it up row by row
_REST = "update pg_index set indisready = false, indisvalid = false where indrelid = any(%s::regclass[])"
_INDEXES = "select indexrelid::regclass::text from pg_index where not indisready order by indrelid"
_TABLE = re.compile(r"insert into (\w+) ")
_SETTINGS = "set session_replication_role = replica; set synchronous_commit = off; set maintenance_work_mem = '512MB'"
AT_ONCE = 2


def fill_province(database_url: str, *, people: int, attempts: int) -> None:
    """Fill a scratch database; triggers and foreign keys rest meanwhile, for the rows are right by construction."""
    statements = _statements(people, attempts)
    filled = sorted({table for statement in statements for table in _TABLE.findall(statement)})
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(_REST, [filled])
        _run(database_url, statements)
        _run(database_url, [f"reindex index {index}" for (index,) in connection.execute(_INDEXES).fetchall()])
        # no trigger has marked a day: what was summed before is forgotten as a whole
        connection.execute("delete from records_folded")
        connection.execute("vacuum (analyze, parallel 2)")


def _run(database_url: str, statements: Iterable[str]) -> None:
    """Execute statements that do not wait for each other, several at once."""

    def run(statement: str) -> None:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(_SETTINGS)
            connection.execute(statement.encode())

    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(run, statements))
