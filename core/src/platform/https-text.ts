import { get } from 'node:https'
import { NetError } from '../base/net.ts'

/** What a resource of an operator's choice may cost. */
const limits = { timeoutMs: 10_000, sizeBytes: 1 << 20 }

/**
 * The text at an https URL. It goes nowhere else: a redirection is an error. What was answered is in no message.
 * @throws NetError
 */
export function httpsText(url: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const fail = (code: string, what: string): void => reject(new NetError(code, `${url}: ${what}`))
  const request = get(url, { timeout: limits.timeoutMs, headers: { accept: 'application/json' } }, (response) => {
    if (response.statusCode !== 200) {
      request.destroy()
      return fail('EBADSTATUS', `the answer is ${response.statusCode}`)
    }
    const chunks: Buffer[] = []
    let sizeBytes = 0
    response.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length
      chunks.push(chunk)
      if (sizeBytes > limits.sizeBytes) request.destroy(Object.assign(new Error('the answer is too large'), { code: 'EMSGSIZE' }))
    })
    response.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'EUNKNOWN', error.message))
    response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
  })
  // `timeout` of the request is of silence alone.
  const deadline = setTimeout(
    () => request.destroy(Object.assign(new Error('it takes too long'), { code: 'ETIMEDOUT' })),
    limits.timeoutMs,
  )
  request.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'EUNKNOWN', error.message))
  return promise.finally(() => clearTimeout(deadline))
}
