import type { SerializedError } from 'vitest'
import type { Reporter, TestModule, TestRunEndReason } from 'vitest/node'

/**
 * Prints `N passed, N failed` as the last line of the run. Beside failed tests it counts what has no test of its own: a file that
 * does not load, a hook that throws, an error outside every test, a test that never ended.
 */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], strayErrors: readonly SerializedError[], reason: TestRunEndReason): void {
    let passed = 0
    let failed = strayErrors.length
    for (const module of modules) {
      if (module.errors().length > 0) failed++
      for (const suite of module.children.allSuites()) if (suite.errors().length > 0) failed++
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') passed++
        else if (state !== 'skipped') failed++
      }
    }
    if (reason !== 'passed' && failed === 0) failed = 1
    process.once('exit', () => process.stdout.write(`${passed} passed, ${failed} failed\n`))
  }
}
