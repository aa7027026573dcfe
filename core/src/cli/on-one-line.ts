/** What a client may have had a hand in: it neither begins a line of its own in a log, nor tells a terminal anything. */
export function onOneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
}
