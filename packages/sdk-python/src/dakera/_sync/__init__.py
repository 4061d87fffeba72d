# @generated from _async/__init__.py by packages/codegen; do not edit.
"""The client for plain Python."""
