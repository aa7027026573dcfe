import type { Handler } from '../handler.ts'
import { noAuthorizer } from '../no-authorizer.ts'

export const answerDeleteAcls: Handler<'deleteAcls'> = ({ filters }) => ({
  throttleTimeMs: 0,
  filterResults: filters.map(() => ({ ...noAuthorizer, matchingAcls: [] })),
})
