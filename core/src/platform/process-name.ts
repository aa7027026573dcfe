/** How this process names itself to those who want what it holds. */
export function processName(): string {
  return `process ${process.pid}`
}
