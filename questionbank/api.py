"""What other packages may ask of the question bank: blueprints in sums, forms under seal, how items did."""

from questionbank.blueprints.cells import Blueprint, Cell, PoolItem
from questionbank.blueprints.published import BlueprintView, get_published_blueprint
from questionbank.custody.ceremony import Seal, list_seals
from questionbank.custody.errors import FormsAwaitCustodiansError
from questionbank.forms.assembly import Assembly, assemble
from questionbank.forms.committed import COMMITTED, PREPARED, SEED_REVEALED, DrawRecord, read_record
from questionbank.forms.errors import (
    FormsNotPreparedError,
    FormStillSealedError,
    NoFormLeftError,
    NoPublishedBlueprintError,
    PoolTooSmallError,
)
from questionbank.forms.folding import FormFold
from questionbank.forms.opening import (
    claim_form,
    open_candidate_view,
    open_scoring_view,
    open_scoring_views,
    release_scoring_views,
)
from questionbank.forms.parallel import assemble_parallel, choose_parallel
from questionbank.forms.preparing import PreparedForms, prepare_forms
from questionbank.forms.proving import DrawProof, Fault, prove_draw, reveal_seed
from questionbank.forms.trial import Predicted, predict
from questionbank.forms.views import CandidateForm, CandidateSlot, ScoringForm, ScoringSlot, Section
from questionbank.interactions.figures import clean_formula, replace_marks
from questionbank.interactions.registry import is_sequence, words_of
from questionbank.items.content import Figure, FigureKind, Interaction, Photo
from questionbank.items.exporting import Export, export_questions, list_export_formats
from questionbank.items.importing import ImportReport, ImportRow, import_questions
from questionbank.items.progress import STAGE_WORDS, Stage
from questionbank.items.progress import Progress as ImportProgress
from questionbank.practice.forms import (
    PracticeForm,
    PracticeItemGoneError,
    PracticePoolTooSmallError,
    Solution,
    assemble_practice,
    show_practice,
    single_form,
    solve_practice,
)
from questionbank.practice.pool import list_practice_pool, list_practice_stems
from questionbank.seed_banks import SeedReport, list_seed_banks, load_seed_bank, read_seed_items, release_seed_practice
from questionbank.seed_statistics import seed_item_statistics
from questionbank.seed_written import load_written_bank
from questionbank.statistics.figures import FULL, WHOLE, Sums
from questionbank.statistics.recording import ScoredSitting, record_item_statistics
from questionbank.syllabus.service import SyllabusView, find_syllabus
from questionbank.withdrawals.service import WithdrawnItem, list_withdrawals

__all__ = [
    "COMMITTED",
    "FULL",
    "PREPARED",
    "SEED_REVEALED",
    "STAGE_WORDS",
    "WHOLE",
    "Assembly",
    "Blueprint",
    "BlueprintView",
    "CandidateForm",
    "CandidateSlot",
    "Cell",
    "DrawProof",
    "DrawRecord",
    "Export",
    "Fault",
    "Figure",
    "FigureKind",
    "FormFold",
    "FormStillSealedError",
    "FormsAwaitCustodiansError",
    "FormsNotPreparedError",
    "ImportProgress",
    "ImportReport",
    "ImportRow",
    "Interaction",
    "NoFormLeftError",
    "NoPublishedBlueprintError",
    "Photo",
    "PoolItem",
    "PoolTooSmallError",
    "PracticeForm",
    "PracticeItemGoneError",
    "PracticePoolTooSmallError",
    "Predicted",
    "PreparedForms",
    "ScoredSitting",
    "ScoringForm",
    "ScoringSlot",
    "Seal",
    "Section",
    "SeedReport",
    "Solution",
    "Stage",
    "Sums",
    "SyllabusView",
    "WithdrawnItem",
    "assemble",
    "assemble_parallel",
    "assemble_practice",
    "choose_parallel",
    "claim_form",
    "clean_formula",
    "export_questions",
    "find_syllabus",
    "get_published_blueprint",
    "import_questions",
    "is_sequence",
    "list_export_formats",
    "list_practice_pool",
    "list_practice_stems",
    "list_seals",
    "list_seed_banks",
    "list_withdrawals",
    "load_seed_bank",
    "load_written_bank",
    "open_candidate_view",
    "open_scoring_view",
    "open_scoring_views",
    "predict",
    "prepare_forms",
    "prove_draw",
    "read_record",
    "read_seed_items",
    "record_item_statistics",
    "release_scoring_views",
    "release_seed_practice",
    "replace_marks",
    "reveal_seed",
    "seed_item_statistics",
    "show_practice",
    "single_form",
    "solve_practice",
    "words_of",
]
