import { basename, dirname, extname } from 'node:path'
import { Node, SyntaxKind } from 'ts-morph'
import { parse } from './imports.ts'
import type { SourceText } from './walls.ts'

export const longestFile = 500

const vagueNames = ['utils', 'util', 'helpers', 'helper', 'types']
const promises = new RegExp(`\\b(${['TO', 'FIX'].map((start, i) => start + ['DO', 'ME'][i]).join('|')})\\b`)
const configuration = /(^|\/)([\w-]+\.config\.ts|\.ci\/[\w-]+\.ts)$/
const testFunctions = ['test', 'it', 'describe', 'suite', 'bench']
const narrowings = ['only', 'skip', 'todo']

/** What is untidy in a file, as sentences with file and line. */
export function untidy({ path, text }: SourceText): string[] {
  const found: string[] = []
  const at = (line: number, what: string): void => void found.push(`${path}:${line}: ${what}`)

  const names = [...dirname(path).split('/'), basename(path, extname(path)).split('.')[0] ?? '']
  for (const name of names) if (vagueNames.includes(name)) at(1, `"${name}" says nothing: name it for what is in it`)

  const lines = text.trimEnd().split('\n')
  if (lines.length > longestFile) at(lines.length, `${lines.length} lines, at most ${longestFile}: it holds more than one thing`)
  lines.forEach((line, i) => promises.test(line) && at(i + 1, 'a note to do something later: do it, or open an issue'))

  const source = parse(path, text)
  for (const declaration of source.getExportDeclarations()) {
    const all =
      declaration.hasModuleSpecifier() && !declaration.hasNamedExports() && declaration.getNamespaceExport() === undefined
    if (all) at(declaration.getStartLineNumber(), 'export by name, not *')
  }
  if (!configuration.test(path)) {
    for (const node of source.getDescendants())
      if (isDefaultExport(node)) at(node.getStartLineNumber(), 'export by name, not as default')
  }

  for (const access of source.getDescendantsOfKind(SyntaxKind.PropertyAccessExpression)) {
    if (narrowings.includes(access.getName()) && testFunctions.includes(rootOf(access))) {
      at(access.getStartLineNumber(), `${access.getText()}: a test runs or goes`)
    }
  }
  return found
}

/** `export default …`, or `export { x as default }`. */
function isDefaultExport(node: Node): boolean {
  return node.getKind() === SyntaxKind.DefaultKeyword
    ? Node.isExportAssignment(node.getParent()) || Node.isModifierable(node.getParent())
    : Node.isExportSpecifier(node) && node.getAliasNode()?.getText() === 'default'
}

/** The name that `a.b.c` begins with. */
function rootOf(node: Node): string {
  return Node.isPropertyAccessExpression(node) ? rootOf(node.getExpression()) : node.getText()
}
