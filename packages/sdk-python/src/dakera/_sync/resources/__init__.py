# @generated from _async/resources/__init__.py by scripts/generate.ts; do not edit.
"""One file for each noun of the API."""
