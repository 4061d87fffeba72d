import * as z from 'zod'

const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/**
 * Clients also send memoryType, topK, minImportance. A name the schema does not know counts as its snake_case twin;
 * where both stand, the schema's own wins. Free-form objects (metadata, filters on it) are left alone.
 */
export function acceptAliases(schema: z.ZodType, value: unknown): unknown {
  const inner = unwrap(schema)
  if (inner instanceof z.ZodArray && Array.isArray(value)) return value.map((item) => acceptAliases(inner.element as z.ZodType, item))
  if (!(inner instanceof z.ZodObject) || typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const { shape } = inner as z.ZodObject
  const entries = Object.entries(value).map(([name, field]): [string, unknown] => {
    const known = Object.hasOwn(shape, name) ? name : snakeCase(name)
    const fieldSchema = Object.hasOwn(shape, known) ? (shape[known] as z.ZodType) : undefined
    return fieldSchema && (known === name || !Object.hasOwn(value, known)) ? [known, acceptAliases(fieldSchema, field)] : [name, field]
  })
  return Object.fromEntries(entries)
}

function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) return unwrap(schema.unwrap() as z.ZodType)
  return schema
}
