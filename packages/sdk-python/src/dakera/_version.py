# @generated from package.json by scripts/generate.ts; do not edit.
VERSION = "0.0.0"
