"""The list of certified people for an emergency: two clicks from the list of enterprises, every opening in the ledger."""

from uuid import UUID

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Template

from exam.core.audit.ledger import record
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import get_organisation
from exam.records.regulator_desk import ROLE, desk_of
from exam.records.rescue import list_certified
from exam.records.schemas import RegionPath, RescueForm
from exam.web.policy import allow


class RescueController(Controller):
    """One printable page of one enterprise of the region."""

    path = "/regulator/enterprises/{organisation_id:uuid}/rescue"
    opt = allow(ROLE)

    @post(status_code=200)
    async def show(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        organisation_id: FromPath[UUID],
        data: URLEncodedBody[RescueForm],  # noqa: ARG002  # read for its CSRF token
        region: FromQuery[RegionPath] = "",
    ) -> Template:
        """Write the opening down and show the names in full."""
        async with desk_of(runtime, principal, region) as desk:
            enterprise = await get_organisation(desk.session, organisation_id)
            items = await list_certified(desk.session, runtime.sealer, organisation_id, on=desk.today)
            shown = {person.person.id for item in items for person in item.people if person.person}
            await record(
                desk.session,
                principal,
                "rescue.opened",
                ("organisation", organisation_id),
                at=desk.now,
                region=enterprise.region,
                facts={"people": len(shown)},
            )
            context = {
                **desk.context,
                "enterprise": enterprise,
                "items": items,
                "count": len(shown),
                "opened_at": desk.now,
            }
        return Template("records/rescue.html", context=context)
