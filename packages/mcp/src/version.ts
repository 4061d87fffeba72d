// @generated from package.json by packages/codegen; do not edit.
export const VERSION = '0.0.0'
