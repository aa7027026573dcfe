import { SerdeError } from './serde-error.ts'

/**
 * What any Standard Schema (https://standardschema.dev, version 1) is: Zod, Valibot, ArkType and others. Input and output are of one
 * type, since a value is checked on both ways: a schema that turns one type into another does not fit.
 */
export interface StandardSchema<T> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<T> | Promise<SchemaResult<T>>
    readonly types?: { readonly input: T; readonly output: T } | undefined
  }
}

type SchemaResult<T> = { readonly value: T; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] }

interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** In a message: more would hide the first. */
const shownIssues = 3

/** The value as the schema gives it back. @throws SerdeError that says where it is not what it should be */
export function checked<T>(name: string, schema: StandardSchema<T>, value: unknown): T {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) {
    result.catch(() => {
      // It is of no use here, whatever it says.
    })
    throw new SerdeError(name, 'the schema checks asynchronously, which a serde cannot wait for')
  }
  if (result.issues === undefined) return result.value
  throw new SerdeError(name, result.issues.slice(0, shownIssues).map(sentence).join('; '))
}

function sentence({ message, path = [] }: SchemaIssue): string {
  const place = path.map((step) => String(typeof step === 'object' ? step.key : step)).join('.')
  return place === '' ? message : `${place}: ${message}`
}
