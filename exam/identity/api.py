"""What other packages may use of identity."""

from exam.identity.accounts import create_account, enrol_second_factor, grant_role
from exam.identity.guards import require_region
from exam.identity.identifiers import IdNumber, mask_id_number, parse_id_number, parse_uscc
from exam.identity.names import mask_name, normalise_name
from exam.identity.organisations import (
    OrganisationView,
    RegionView,
    create_organisation,
    find_organisation_by_uscc,
    get_organisation,
    get_region,
    list_organisations,
    list_regions,
)
from exam.identity.passwords import PasswordPool
from exam.identity.people import (
    PersonView,
    add_engagement,
    ensure_person,
    find_person_id,
    get_person,
    list_people,
    matches_id_number,
    set_photo,
    unmask_id_number,
)
from exam.identity.roles import Role

__all__ = [
    "IdNumber",
    "OrganisationView",
    "PasswordPool",
    "PersonView",
    "RegionView",
    "Role",
    "add_engagement",
    "create_account",
    "create_organisation",
    "enrol_second_factor",
    "ensure_person",
    "find_organisation_by_uscc",
    "find_person_id",
    "get_organisation",
    "get_person",
    "get_region",
    "grant_role",
    "list_organisations",
    "list_people",
    "list_regions",
    "mask_id_number",
    "mask_name",
    "matches_id_number",
    "normalise_name",
    "parse_id_number",
    "parse_uscc",
    "require_region",
    "set_photo",
    "unmask_id_number",
]
