"""Quizzes as lessons (测验): rounds of items that are open for practice, passed by the lesson's own condition."""
