"""What records bring to the composition."""

from exam.core.reseal import SealedColumn
from exam.records import folding
from exam.records.contact_pages import ContactController
from exam.records.credit import jobs as credit
from exam.records.credit import party_pages, party_record_pages
from exam.records.credit.decision_pages import DecisionController
from exam.records.credit.exchange_pages import ExchangeController
from exam.records.credit.import_pages import PlatformNoticeController
from exam.records.credit.record_pages import CreditRecordController
from exam.records.credit.regulator_pages import HOME as CREDIT
from exam.records.credit.regulator_pages import ClueController
from exam.records.enterprise_pages import EnterpriseDeskController
from exam.records.enterprises.controllers import EnterprisesApiController
from exam.records.enterprises.import_pages import EnterpriseImportController
from exam.records.enterprises.pages import HOME as ENTERPRISES
from exam.records.enterprises.pages import EnterprisesController
from exam.records.exchange import sending
from exam.records.exchange import subscribers as exchange
from exam.records.exchange.controllers import ExchangeController as NeighbourApi
from exam.records.exchange.message_pages import MessageController
from exam.records.exchange.models import SECRET_BEFORE_PLACE, SECRET_PLACE
from exam.records.exchange.neighbours import APPROVER, OPERATOR
from exam.records.exchange.pages import HOME as NEIGHBOURS
from exam.records.exchange.pages import NeighbourController, NeighboursController
from exam.records.exchange.token_pages import TokenController
from exam.records.nodes import accepting, carrying, transfer
from exam.records.nodes.arrival_pages import ArrivalController
from exam.records.nodes.batch_pages import BatchController, UpperController
from exam.records.nodes.controllers import NodesController
from exam.records.nodes.identity_pages import NodeIdentityController, NodeKeysController
from exam.records.nodes.models import KEY_PLACE
from exam.records.nodes.pages import HOME as BATCHES
from exam.records.nodes.pages import BatchesController
from exam.records.person_pages import PersonRecordController
from exam.records.regulator_file_pages import RegulatorFilesController
from exam.records.regulator_pages import RegulatorController
from exam.records.reminders import confirming
from exam.records.reminders import sending as reminders
from exam.records.reminders.pages import HOME as REMINDERS
from exam.records.reminders.pages import READERS, RemindersController
from exam.records.rescue_pages import RescueController
from exam.records.subscribers import SUBSCRIPTIONS
from exam.web.plugin import NavItem, Plugin

NEIGHBOUR = "records_exchange_neighbour"
PLUGIN = Plugin(
    package="exam.records",
    handlers=(
        RegulatorController,
        RegulatorFilesController,
        EnterprisesController,
        EnterpriseImportController,
        EnterprisesApiController,
        EnterpriseDeskController,
        ContactController,
        RescueController,
        RemindersController,
        PersonRecordController,
        ClueController,
        DecisionController,
        *party_pages.CONTROLLERS,
        CreditRecordController,
        ExchangeController,
        PlatformNoticeController,
        *party_record_pages.CONTROLLERS,
        NeighboursController,
        NeighbourController,
        MessageController,
        TokenController,
        NeighbourApi,
        NodesController,
        NodeKeysController,
        NodeIdentityController,
        BatchesController,
        BatchController,
        UpperController,
        ArrivalController,
    ),
    subscriptions=(*SUBSCRIPTIONS, *credit.SUBSCRIPTIONS, *exchange.SUBSCRIPTIONS),
    jobs=(
        *credit.JOBS,
        *folding.JOBS,
        *sending.JOBS,
        *reminders.JOBS,
        *confirming.JOBS,
        *accepting.JOBS,
        *carrying.JOBS,
        *transfer.JOBS,
    ),
    sealed=(
        SealedColumn(table=NEIGHBOUR, key="id", column="secret_sealed", place=SECRET_PLACE),
        SealedColumn(table=NEIGHBOUR, key="id", column="secret_before_sealed", place=SECRET_BEFORE_PLACE),
        SealedColumn(table="records_node_key", key="id", column="private_sealed", place=KEY_PLACE),
    ),
    nav=(
        NavItem("监管总览", "/regulator", ("regulator",), "chart-bar", leads=True),
        NavItem("企业底册", ENTERPRISES, ("regulator",), "building-factory-2"),
        NavItem("提醒", REMINDERS, READERS, "clock"),
        NavItem("企业持证", "/enterprise", ("enterprise",), "building-factory-2", leads=True),
        NavItem("逐级上报", BATCHES, ("regulator",), "transfer"),
        NavItem("信用管理", CREDIT, ("regulator",), "gavel"),
        NavItem("信用事项", "/enterprise/credit", ("enterprise",), "gavel"),
        NavItem("信用事项", "/centre/credit", ("centre",), "gavel"),
        NavItem("数据交换", NEIGHBOURS, (OPERATOR, APPROVER), "transfer"),
    ),
)
