# @generated from _async/resources/__init__.py by packages/codegen; do not edit.
"""One file for each noun of the API."""
