"""What other packages may use of identity."""

from exam.identity.account_names import (
    enabled_accounts,
    find_account_ids,
    list_role_holders,
    list_role_holders_over,
    names_of_accounts,
)
from exam.identity.accounts import create_account, enrol_second_factor, grant_role
from exam.identity.candidates import open_candidate_session
from exam.identity.controllers import keep_session
from exam.identity.engagements import (
    EngagementView,
    end_engagement,
    get_engagement,
    list_contacts,
    list_engagements,
    set_contact,
)
from exam.identity.errors import CandidateEntranceError, PersonNameMismatchError
from exam.identity.founding import Founder, find_beginning, found_installation
from exam.identity.guards import require_region
from exam.identity.identifiers import IdNumber, id_check_digit, mask_id_number, parse_id_number, parse_uscc, uscc_check
from exam.identity.names import mask_name, name_match_key, normalise_name
from exam.identity.organisations import (
    OrganisationView,
    RegionView,
    amend_organisation,
    create_organisation,
    deregister_organisation,
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
    change_name,
    ensure_person,
    find_bearer,
    find_person_id,
    get_person,
    list_people,
    matches_id_number,
    require_same_name,
    set_photo,
    unmask_id_number,
)
from exam.identity.region_tree import RegionTree, read_regions
from exam.identity.roles import TITLES, Role
from exam.identity.seeding import seed_regions
from exam.identity.sessions import login_of

__all__ = [
    "TITLES",
    "CandidateEntranceError",
    "EngagementView",
    "Founder",
    "IdNumber",
    "OrganisationView",
    "PasswordPool",
    "PersonNameMismatchError",
    "PersonView",
    "RegionTree",
    "RegionView",
    "Role",
    "add_engagement",
    "amend_organisation",
    "change_name",
    "create_account",
    "create_organisation",
    "deregister_organisation",
    "enabled_accounts",
    "end_engagement",
    "enrol_second_factor",
    "ensure_person",
    "find_account_ids",
    "find_bearer",
    "find_beginning",
    "find_organisation_by_uscc",
    "find_person_id",
    "found_installation",
    "get_engagement",
    "get_organisation",
    "get_person",
    "get_region",
    "grant_role",
    "id_check_digit",
    "keep_session",
    "list_contacts",
    "list_engagements",
    "list_organisations",
    "list_people",
    "list_regions",
    "list_role_holders",
    "list_role_holders_over",
    "login_of",
    "mask_id_number",
    "mask_name",
    "matches_id_number",
    "name_match_key",
    "names_of_accounts",
    "normalise_name",
    "open_candidate_session",
    "parse_id_number",
    "parse_uscc",
    "read_regions",
    "require_region",
    "require_same_name",
    "seed_regions",
    "set_contact",
    "set_photo",
    "unmask_id_number",
    "uscc_check",
]
