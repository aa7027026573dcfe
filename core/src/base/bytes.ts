/** A key or a value on its way in. A string is UTF-8; it is encoded straight into its place, with no buffer between. */
export type Bytes = Uint8Array | string | null

/** A header: order and repeats are kept. */
export type Header = readonly [name: string, value: Uint8Array | null]

/** The one empty list of headers. */
export const noHeaders: readonly Header[] = Object.freeze([])
