const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const withTenths = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 })

/** `1,234,567` */
export function whole(value: number): string {
  return grouped.format(value)
}

/** `12.3` */
export function tenths(value: number): string {
  return withTenths.format(value)
}
