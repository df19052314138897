"""What other packages may use of records."""

from exam.records.board import SittingLine, list_today
from exam.records.counting import Counts, add_up, count, countable, rows_of, value_of, values_of
from exam.records.credit.clues import CreditWork, count_credit_work
from exam.records.credit.parties import count_told
from exam.records.credit.requests import count_waiting as count_credit_requests
from exam.records.enterprises.listing import list_enterprises
from exam.records.entries import EnterpriseEntryView, list_enterprise_entries
from exam.records.exchange.conformance import Receiver, Verdict
from exam.records.exchange.contract import Message
from exam.records.exchange.neighbours import admit as admit_neighbour
from exam.records.exchange.neighbours import register as register_neighbour
from exam.records.exchange.outbox import Content, offer
from exam.records.exchange.receiving import REPORT, get_kept
from exam.records.figures import Figures, count_region, list_usable_credentials, total
from exam.records.folding import fold_sums
from exam.records.grouping import EVERYTHING, PLACE, TIME, TOTAL, By, Narrowing
from exam.records.holdings import OrganisationRoster, load_roster
from exam.records.measures import BANDS, BY_CODE, MEASURES, SOURCES, Dimension, Measure, Unit
from exam.records.names import industry_of, title_of
from exam.records.nodes.certificates import PEER
from exam.records.nodes.plugin import PLUGIN as NODE_PLUGIN
from exam.records.nodes.replies import Answer, answer_node, get_answer
from exam.records.nodes.seeding import NodeStaff, seed_batches
from exam.records.period import Period, Span, after, before, period_at, period_of, year_before
from exam.records.regulator_desk import ROLE, Desk, desk_of
from exam.records.reminders.finding import Due, remind_of
from exam.records.roster import Standing

__all__ = [
    "BANDS",
    "BY_CODE",
    "EVERYTHING",
    "MEASURES",
    "NODE_PLUGIN",
    "PEER",
    "PLACE",
    "REPORT",
    "ROLE",
    "SOURCES",
    "TIME",
    "TOTAL",
    "Answer",
    "By",
    "Content",
    "Counts",
    "CreditWork",
    "Desk",
    "Dimension",
    "Due",
    "EnterpriseEntryView",
    "Figures",
    "Measure",
    "Message",
    "Narrowing",
    "NodeStaff",
    "OrganisationRoster",
    "Period",
    "Receiver",
    "SittingLine",
    "Span",
    "Standing",
    "Unit",
    "Verdict",
    "add_up",
    "admit_neighbour",
    "after",
    "answer_node",
    "before",
    "count",
    "count_credit_requests",
    "count_credit_work",
    "count_region",
    "count_told",
    "countable",
    "desk_of",
    "fold_sums",
    "get_answer",
    "get_kept",
    "industry_of",
    "list_enterprise_entries",
    "list_enterprises",
    "list_today",
    "list_usable_credentials",
    "load_roster",
    "offer",
    "period_at",
    "period_of",
    "register_neighbour",
    "remind_of",
    "rows_of",
    "seed_batches",
    "title_of",
    "total",
    "value_of",
    "values_of",
    "year_before",
]
