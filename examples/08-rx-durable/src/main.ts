import { inTemporaryFolder } from '../../running/temporary-folder.ts'
import { run } from './run.ts'

process.stdout.write(await inTemporaryFolder(run))
