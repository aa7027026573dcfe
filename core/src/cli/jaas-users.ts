import { UsageError } from './usage-error.ts'

const option = /([^\s=;]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|([^\s;"']+))/g

/**
 * The users of `org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="…" …;`. It is read as text: nothing that is
 * named in it is loaded, and other modules are refused.
 * @throws UsageError
 */
export function jaasUsers(property: string, config: string): Readonly<Record<string, string>> {
  const [, module, flags, options] = /^\s*([\w.]+)\s+(\w+)\s([^]*?);?\s*$/.exec(`${config} `) ?? []
  if (module === undefined || !/(^|\.)PlainLoginModule$/.test(module) || flags !== 'required')
    throw new UsageError(`${property} takes PlainLoginModule required user_NAME="PASSWORD" …;`)
  const users = new Map<string, string>()
  for (const [, name = '', double, single, bare = ''] of options!.matchAll(option)) {
    const password = (double ?? single)?.replaceAll(/\\(.)/g, '$1') ?? bare
    if (name.startsWith('user_')) users.set(name.slice('user_'.length), password)
  }
  if (
    options!.replaceAll(option, '').trim() !== '' ||
    users.size === 0 ||
    [...users].some(([user, password]) => user === '' || password === '')
  )
    throw new UsageError(`${property} names no users, or holds what is no option: user_NAME="PASSWORD"`)
  return Object.fromEntries(users)
}
