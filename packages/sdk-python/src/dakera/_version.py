# @generated from package.json by packages/codegen; do not edit.
VERSION = "0.0.0"
