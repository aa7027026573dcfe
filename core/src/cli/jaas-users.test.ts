import { expect, test } from 'vitest'
import { jaasUsers } from './jaas-users.ts'

const module = 'org.apache.kafka.common.security.plain.PlainLoginModule'

test.each([
  [
    `${module} required username="admin" password="admin-secret" user_admin="admin-secret" user_alice="a;b \\" c=d";`,
    { admin: 'admin-secret', alice: 'a;b " c=d' },
  ],
  [`${module} required\n  user_bob='it is'\n  user_eve=plain ;`, { bob: 'it is', eve: 'plain' }],
  [`PlainLoginModule required user_a="b"`, { a: 'b' }],
])('the users of %s', (config, users) => expect(jaasUsers('p', config)).toEqual(users))

test.each([
  'com.sun.security.auth.module.JndiLoginModule required user.provider.url="ldap://evil" user_a="b";',
  'org.apache.kafka.common.security.scram.ScramLoginModule required user_a="b";',
  `${module} optional user_a="b";`,
  `${module} required username="a" password="b";`,
  `${module} required user_="b";`,
  `${module} required user_a="";`,
  `${module} required user_a="b" and more;`,
  '',
])('SEC-30: %s is refused', (config) => {
  expect(() => jaasUsers('p', config)).toThrow(/^p /)
})
