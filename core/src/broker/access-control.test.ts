import { expect, test } from 'vitest'
import type { AccessRule } from '../base/access-rule.ts'
import { AccessControl } from './access-control.ts'
import type { MetadataLog } from './metadata-log.ts'

const rule: AccessRule = {
  resourceType: 'topic',
  resourceName: 't',
  patternType: 'literal',
  principal: 'User:x',
  host: '*',
  operation: 'read',
  permission: 'allow',
}

/** The rules of a log that has so many, none of which is `rule`. */
function having(size: number): AccessControl {
  const accessRules = { size, has: ({ resourceName }: AccessRule) => resourceName !== 't' }
  const change = async (decide: (metadata: { readonly accessRules: typeof accessRules }) => unknown): Promise<void> =>
    void decide({ accessRules })
  return new AccessControl({ change } as unknown as MetadataLog)
}

test('SEC-23: there are no more than 100,000 rules, and those that are there already may be added again', async () => {
  await having(99_999).add([rule])
  await expect(having(100_000).add([rule])).rejects.toMatchObject({ code: 'POLICY_VIOLATION' })
  await having(100_000).add([{ ...rule, resourceName: 'there' }])
})
