/**
 * What the cases use and our DSL does not have yet, by the names of `featuresOf`. A case that needs one of them must not come out as
 * Kafka's does: as soon as all cases of a name would, its name has to go from here.
 */
export const pending: readonly string[] = []
