"""Items, syllabus, blueprints, forms and their file formats."""
