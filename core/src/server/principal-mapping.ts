import { coreError } from '../base/error-catalogue.ts'

/** Who the subject of a certificate is; null: no rule says it. */
export type PrincipalMapping = (subject: string) => string | null

/**
 * Kafka's `ssl.principal.mapping.rules` (KIP-371): `RULE:pattern/replacement/[L|U]` and `DEFAULT`, with commas between. The first rule
 * whose pattern matches the whole subject (RFC 2253: `CN=alice,OU=people`) gives the name; L and U make it lower or upper case.
 * @throws INVALID_OPTION for what is no rule
 */
export function principalMapping(rules: string): PrincipalMapping {
  const mappings = ruleTexts(rules).map(mappingOf)
  return (subject) => {
    for (const map of mappings) {
      const name = map(subject)
      if (name !== null) return name
    }
    return null
  }
}

/** A comma ends a rule where another begins: patterns and replacements have commas too. */
function ruleTexts(rules: string): string[] {
  return rules
    .split(/,\s*(?=RULE:|DEFAULT\s*(?:,|$))|\n/)
    .map((rule) => rule.trim())
    .filter((rule) => rule !== '')
}

function mappingOf(rule: string): PrincipalMapping {
  if (rule === 'DEFAULT') return (subject) => subject
  const [, pattern, replacement, letters] = /^RULE:((?:\\.|[^\\/])*)\/((?:\\.|[^\\/])*)\/([LU]?)$/.exec(rule) ?? []
  if (pattern === undefined) throw invalid(rule)
  const whole = wholeOf(pattern, rule)
  const shown = replacement!.replaceAll(/\\(.)/g, '$1')
  return (subject) => {
    if (!whole.test(subject)) return null
    const name = subject.replace(whole, shown)
    return letters === 'L' ? name.toLowerCase() : letters === 'U' ? name.toUpperCase() : name
  }
}

function wholeOf(pattern: string, rule: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`, 'u')
  } catch (cause) {
    throw invalid(rule, cause)
  }
}

function invalid(rule: string, cause?: unknown): Error {
  return coreError('INVALID_OPTION', {
    what: 'a rule of ssl.principal.mapping.rules is none',
    expected: 'DEFAULT or RULE:pattern/replacement/[L|U]',
    received: rule,
    ...(cause === undefined ? {} : { cause }),
  })
}
