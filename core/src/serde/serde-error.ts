/** A value that a serde cannot write, or bytes that it cannot read. Whoever called the serde says where they came from. */
export class SerdeError extends Error {
  readonly serde: string

  constructor(serde: string, what: string, options?: { readonly cause: unknown }) {
    super(`${serde}: ${what}`, options)
    this.name = 'SerdeError'
    this.serde = serde
  }
}
