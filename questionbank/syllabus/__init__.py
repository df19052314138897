"""Versioned tree of syllabus nodes (考核大纲)."""
