// @generated from package.json by scripts/generate.ts; do not edit.
export const VERSION = '0.0.0'
