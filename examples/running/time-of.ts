/** `HH:MM`, in UTC. */
export function timeOf(timestamp: number): string {
  return new Date(timestamp).toISOString().slice('YYYY-MM-DDT'.length, 'YYYY-MM-DDTHH:MM'.length)
}
