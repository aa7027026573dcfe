import {
  operations,
  patternTypes,
  permissions,
  resourceTypes,
  type AccessRule,
  type AccessRuleFilter,
} from '../../base/access-rule.ts'
import { coreError } from '../../base/error-catalogue.ts'
import { checkList } from '../../base/options.ts'
import type { RequestOf, ResponseOf } from '../../protocol/apis.ts'
import type { AccessAdmin } from '../access-admin.ts'
import { readRule, readRuleFilter } from '../access-options.ts'
import type { Cluster } from './cluster.ts'
import { checkCode } from './refusals.ts'

type Filter = RequestOf<'describeAcls'>
type Row = ResponseOf<'deleteAcls'>['filterResults'][number]['matchingAcls'][number]

/** Kafka's numbers of what a filter may have beside the values of rules. */
const any = 1
const match = 2

/** The access rules of a log that is reached over the wire. They are kept by the controller. */
export class WireAccessAdmin implements AccessAdmin {
  private readonly cluster: Cluster

  constructor(cluster: Cluster) {
    this.cluster = cluster
  }

  async addAccessRules(rules: readonly AccessRule[]): Promise<void> {
    this.cluster.assertOpen()
    checkList('rules', rules)
    const creations = rules.map(readRule).map(creationOf)
    if (creations.length === 0) return
    await this.cluster.retrying(async () => {
      const { results } = await (await this.cluster.controller()).ask('createAcls', { creations })
      for (const [index, { errorCode, errorMessage }] of results.entries())
        checkCode(errorCode, { where: creations[index]!.resourceName, message: errorMessage })
    })
  }

  async removeAccessRules(filters: readonly AccessRuleFilter[]): Promise<readonly AccessRule[]> {
    this.cluster.assertOpen()
    checkList('filters', filters)
    const asked = filters.map(readRuleFilter).map(filterOf)
    if (asked.length === 0) return []
    return this.cluster.retrying(async () => {
      const { filterResults } = await (await this.cluster.controller()).ask('deleteAcls', { filters: asked })
      for (const { errorCode, errorMessage } of filterResults)
        checkCode(errorCode, { where: 'DeleteAcls', message: errorMessage })
      return distinct(filterResults.flatMap(({ matchingAcls }) => matchingAcls))
    })
  }

  async listAccessRules(filter: AccessRuleFilter = {}): Promise<readonly AccessRule[]> {
    this.cluster.assertOpen()
    const asked = filterOf(readRuleFilter(filter))
    return this.cluster.retrying(async () => {
      const answer = await (await this.cluster.any()).ask('describeAcls', asked)
      checkCode(answer.errorCode, { where: 'DescribeAcls', message: answer.errorMessage })
      return answer.resources.flatMap(({ acls, ...resource }) => acls.map((acl) => ruleOf({ ...resource, ...acl })))
    })
  }
}

function creationOf(rule: AccessRule): RequestOf<'createAcls'>['creations'][number] {
  return {
    resourceType: resourceTypes[rule.resourceType],
    resourceName: rule.resourceName,
    resourcePatternType: patternTypes[rule.patternType],
    principal: rule.principal,
    host: rule.host,
    operation: operations[rule.operation],
    permissionType: permissions[rule.permission],
  }
}

function filterOf(filter: AccessRuleFilter): Filter {
  const { resourceType, resourceName, patternType, principal, host, operation, permission } = filter
  return {
    resourceTypeFilter: resourceType === undefined ? any : resourceTypes[resourceType],
    resourceNameFilter: resourceName ?? null,
    patternTypeFilter: patternType === undefined ? any : patternType === 'match' ? match : patternTypes[patternType],
    principalFilter: principal ?? null,
    hostFilter: host ?? null,
    operation: operation === undefined ? any : operations[operation],
    permissionType: permission === undefined ? any : permissions[permission],
  }
}

/** Several filters may have matched the same rule. */
function distinct(rows: readonly Row[]): AccessRule[] {
  const byText = new Map(rows.map(ruleOf).map((rule) => [JSON.stringify(rule), rule]))
  return [...byText.values()]
}

function ruleOf(row: Omit<Row, 'errorCode' | 'errorMessage'>): AccessRule {
  return {
    resourceType: nameIn(resourceTypes, row.resourceType),
    resourceName: row.resourceName,
    patternType: nameIn(patternTypes, row.patternType),
    principal: row.principal,
    host: row.host,
    operation: nameIn(operations, row.operation),
    permission: nameIn(permissions, row.permissionType),
  }
}

/** @throws UNSUPPORTED_VERSION for what a newer server knows */
function nameIn<Name extends string>(table: Readonly<Record<Name, number>>, code: number): Name {
  const found = (Object.keys(table) as Name[]).find((name) => table[name] === code)
  if (found !== undefined) return found
  throw coreError('UNSUPPORTED_VERSION', { what: 'an access rule has a part that this version does not know', received: code })
}
