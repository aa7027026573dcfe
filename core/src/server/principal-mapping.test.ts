import { describe, expect, test } from 'vitest'
import { principalMapping } from './principal-mapping.ts'

const subject = 'CN=Alice,OU=people,O=Millrace,C=DE'

describe('SEC-6: who a certificate is of', () => {
  test.each([
    ['DEFAULT', subject],
    ['RULE:^CN=(.*?),OU=people.*$/$1/', 'Alice'],
    ['RULE:^CN=(.*?),OU=people.*$/$1/L', 'alice'],
    ['RULE:^CN=(.*?),.*$/$1@x/U,DEFAULT', 'ALICE@X'],
    ['RULE:^OU=(.*?),.*$/$1/, RULE:^.*O=([^,]*),.*$/$1/L , DEFAULT', 'millrace'],
    ['RULE:^CN=nobody$/$1/, DEFAULT', subject],
    ['RULE:^CN=Alice$/$1/', null],
    [String.raw`RULE:^CN=(\w+),.*$/a\/$1/`, 'a/Alice'],
  ])('%s', (rules, name) => expect(principalMapping(rules)(subject)).toBe(name))

  test.each(['RULE:a', 'RULE:(/a/', 'RULE:a/b/X', 'anything'])('%s is no rule', (rules) => {
    expect(() => principalMapping(rules)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})
