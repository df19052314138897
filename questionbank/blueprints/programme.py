"""Integer programmes over HiGHS: whole variables within bounds, rows of sums within bounds; pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import highspy
import numpy as np
from highspy._core import _Highs

SECONDS: Final = 20.0
"""So long a programme is worked on; one that is not settled then counts as having the best solution that was found."""

_RANDOM_SEED: Final = 1

Row = Mapping[int, int]
"""Coefficient by variable."""


class ProgrammeUnsettledError(RuntimeError):
    """The time was up before a solution was found or none was proven to exist."""


class Programme:
    """Variables and rows, which can be solved again after rows were added."""

    def __init__(self) -> None:
        self._uppers: list[int] = []
        self._rows: list[tuple[Row, float, float]] = []

    def add(self, upper: int) -> int:
        """Add a whole variable from 0 to `upper` and return its number."""
        self._uppers.append(upper)
        return len(self._uppers) - 1

    def bind(self, row: Row, low: float | None, high: float | None) -> None:
        """Bind a sum of variables; None is no bound."""
        self._rows.append(
            (row, -highspy.kHighsInf if low is None else low, highspy.kHighsInf if high is None else high)
        )

    def solve(self, goal: Row | None = None, *, seconds: float = SECONDS, gap: float = 0.0) -> list[int] | None:
        """Return values that keep all rows and make `goal` least, within `gap` of it; None where no values keep them.

        Raises ProgrammeUnsettledError.
        """
        solver = _solver(seconds, gap)
        solver.passModel(self._model(goal or {}))
        solver.run()
        status, best = solver.getModelStatus(), solver.getInfo()
        if status in {highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible}:
            return None
        if best.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            raise ProgrammeUnsettledError(str(status))
        return [round(value) for value in solver.getSolution().col_value]

    def _model(self, goal: Row) -> Any:
        count = len(self._uppers)
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = count, len(self._rows)
        cost = np.zeros(count)
        for variable, coefficient in goal.items():
            cost[variable] = coefficient
        model.col_cost_ = cost
        model.col_lower_, model.col_upper_ = np.zeros(count), np.array(self._uppers, dtype=np.float64)
        model.row_lower_ = np.array([low for _, low, _ in self._rows], dtype=np.float64)
        model.row_upper_ = np.array([high for _, _, high in self._rows], dtype=np.float64)
        model.integrality_ = [highspy.HighsVarType.kInteger] * count
        matrix = model.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kRowwise
        matrix.start_ = np.cumsum([0, *(len(row) for row, _, _ in self._rows)]).astype(np.int32)
        matrix.index_ = np.array([variable for row, _, _ in self._rows for variable in row], dtype=np.int32)
        matrix.value_ = np.array([each for row, _, _ in self._rows for each in row.values()], dtype=np.float64)
        return model


def _solver(seconds: float, gap: float) -> Any:
    """Return a solver on one thread whose course a seed fixes; the public class would print a banner."""
    solver = _Highs()
    options: Sequence[tuple[str, bool | float]] = (
        ("log_to_console", False),
        ("output_flag", False),
        ("threads", 1),
        ("random_seed", _RANDOM_SEED),
        ("time_limit", seconds),
        ("mip_rel_gap", gap),
    )
    for name, value in options:
        solver.setOptionValue(name, value)
    return solver
