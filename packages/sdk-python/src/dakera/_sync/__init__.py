# @generated from _async/__init__.py by scripts/generate.ts; do not edit.
"""The client for plain Python."""
