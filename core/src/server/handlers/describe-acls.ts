import type { Handler } from '../handler.ts'
import { noAuthorizer } from '../no-authorizer.ts'

export const answerDescribeAcls: Handler<'describeAcls'> = () => ({ throttleTimeMs: 0, ...noAuthorizer, resources: [] })
