/** Eighths of a character, from empty to full. */
const blocks = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']

/** Values from 0 up as columns over a line, with a scale at the left. */
export function chart(values: readonly number[], height: number): string {
  const greatest = Math.max(...values, 0)
  const scale = String(Math.ceil(greatest))
  const rows = Array.from({ length: height }, (_, i) => height - 1 - i)
  const lines = rows.map((row) => {
    const label = row === height - 1 ? scale : ''
    return `${label.padStart(scale.length)} │${values.map((value) => block((value / (greatest || 1)) * height - row)).join('')}`
  })
  return [...lines, `${'0'.padStart(scale.length)} └${'─'.repeat(values.length)}`].map((line) => `${line.trimEnd()}\n`).join('')
}

/** As much of a character as the value fills, from 0 to 1. */
function block(filled: number): string {
  const eighths = Math.round(Math.min(Math.max(filled, 0), 1) * 8)
  return blocks[eighths] ?? ' '
}
