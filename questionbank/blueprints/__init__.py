"""Blueprints (组卷细目表): what a form must hold."""
