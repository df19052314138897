"""What the bank brings to the composition."""

from exam.web.plugin import NavItem, Plugin
from questionbank.blueprints.controllers import BlueprintsController
from questionbank.controllers import DeskController
from questionbank.custody.controllers import CustodyController
from questionbank.figured import FILTERS
from questionbank.forms.controllers import SatFormsController
from questionbank.items.bulk_controllers import BulkController
from questionbank.items.controllers import ItemsController
from questionbank.items.import_controllers import BatchController, UploadController
from questionbank.items.item_controllers import ItemController, NewItemController
from questionbank.items.law_controllers import LawsController
from questionbank.pages import MAKERS
from questionbank.statistics.controllers import SuspicionsController
from questionbank.syllabus.controllers import SyllabusesController
from questionbank.withdrawals.controllers import WithdrawalController

PLUGIN = Plugin(
    package="questionbank",
    filters=FILTERS,
    handlers=(
        DeskController,
        ItemsController,
        BulkController,
        NewItemController,
        ItemController,
        WithdrawalController,
        UploadController,
        BatchController,
        LawsController,
        SyllabusesController,
        SuspicionsController,
        BlueprintsController,
        SatFormsController,
        CustodyController,
    ),
    nav=(
        NavItem("题库工作台", "/bank", MAKERS, "books"),
        NavItem("试题", "/bank/items", MAKERS, "list-check"),
        NavItem("导入试题", "/bank/import", ("author",), "file-import", also=("/bank/imports/*",)),
        NavItem("考核大纲", "/bank/syllabuses", MAKERS, "book", also=("/bank/syllabuses/*",)),
        NavItem("法规变动", "/bank/laws", ("publisher",), "gavel"),
        NavItem("疑似泄题", "/bank/suspicions", ("reviewer", "publisher"), "alert-triangle"),
        NavItem("组卷细目表", "/bank/blueprints", MAKERS, "clipboard-list"),
        NavItem("场次试卷", "/bank/forms", ("publisher",), "printer"),
        NavItem("密钥保管", "/bank/custody", ("custodian",), "key"),
    ),
)
