import {
  operations,
  patternTypes,
  permissions,
  resourceTypes,
  type AccessRule,
  type AccessRuleFilter,
} from '../base/access-rule.ts'
import type { RequestOf } from '../protocol/apis.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { Refused } from './refusal.ts'

/** Access rules as the wire has them: numbers for words. */
interface RuleCodes {
  readonly resourceType: number
  readonly resourceName: string
  readonly patternType: number
  readonly principal: string
  readonly host: string
  readonly operation: number
  readonly permissionType: number
}

type WireFilter = RequestOf<'describeAcls'>
type WireCreation = RequestOf<'createAcls'>['creations'][number]

const any = 1
const matchNumber = 2

export function codesOf(rule: AccessRule): RuleCodes {
  const { resourceName, principal, host } = rule
  return {
    resourceType: resourceTypes[rule.resourceType],
    resourceName,
    patternType: patternTypes[rule.patternType],
    principal,
    host,
    operation: operations[rule.operation],
    permissionType: permissions[rule.permission],
  }
}

/** @throws Refused where a number stands for nothing that a rule can have */
export function ruleOf(creation: WireCreation): AccessRule {
  const { resourceName, principal, host } = creation
  return {
    resourceType: named(resourceTypes, creation.resourceType, 'type of resources'),
    resourceName,
    patternType: named(patternTypes, creation.resourcePatternType, 'type of patterns'),
    principal,
    host,
    operation: named(operations, creation.operation, 'operation'),
    permission: named(permissions, creation.permissionType, 'permission'),
  }
}

/** @throws Refused */
export function filterOf(filter: WireFilter): AccessRuleFilter {
  const { resourceTypeFilter, patternTypeFilter, operation, permissionType } = filter
  return {
    resourceType: namedOrAny(resourceTypes, resourceTypeFilter, 'type of resources'),
    resourceName: filter.resourceNameFilter ?? undefined,
    patternType: patternTypeFilter === matchNumber ? 'match' : namedOrAny(patternTypes, patternTypeFilter, 'type of patterns'),
    principal: filter.principalFilter ?? undefined,
    host: filter.hostFilter ?? undefined,
    operation: namedOrAny(operations, operation, 'operation'),
    permission: namedOrAny(permissions, permissionType, 'permission'),
  }
}

function namedOrAny<Name extends string>(table: Readonly<Record<Name, number>>, code: number, what: string): Name | undefined {
  return code === any ? undefined : named(table, code, what)
}

function named<Name extends string>(table: Readonly<Record<Name, number>>, code: number, what: string): Name {
  const found = (Object.keys(table) as Name[]).find((name) => table[name] === code)
  if (found !== undefined) return found
  throw new Refused(errorCodes.INVALID_REQUEST, `${code} is no ${what} here`)
}
