import { Node, Project, SyntaxKind, type SourceFile } from 'ts-morph'

/** One import, of whatever kind: declaration, re-export, `import()`, `import('…').Type`. */
export interface Import {
  readonly line: number
  /** Undefined when the source does not say it: `import(name)`. */
  readonly specifier: string | undefined
}

const project = new Project({ useInMemoryFileSystem: true, skipFileDependencyResolution: true, skipLoadingLibFiles: true })

/** The syntax of a file; nothing is resolved or checked. */
export function parse(path: string, text: string): SourceFile {
  return project.createSourceFile(path, text, { overwrite: true })
}

export function importsOf(source: SourceFile): Import[] {
  const found: Import[] = []
  const add = (node: Node, specifier: string | undefined): void => {
    found.push({ line: node.getStartLineNumber(), specifier })
  }
  for (const declaration of source.getImportDeclarations()) add(declaration, declaration.getModuleSpecifierValue())
  for (const declaration of source.getExportDeclarations()) {
    const specifier = declaration.getModuleSpecifierValue()
    if (specifier !== undefined) add(declaration, specifier)
  }
  for (const type of source.getDescendantsOfKind(SyntaxKind.ImportType)) {
    const argument = type.getArgument()
    const literal = Node.isLiteralTypeNode(argument) ? argument.getLiteral() : undefined
    add(type, Node.isStringLiteral(literal) ? literal.getLiteralValue() : undefined)
  }
  for (const call of source.getDescendantsOfKind(SyntaxKind.CallExpression)) {
    if (call.getExpression().getKind() !== SyntaxKind.ImportKeyword) continue
    const argument = call.getArguments()[0]
    add(
      call,
      Node.isStringLiteral(argument) || Node.isNoSubstitutionTemplateLiteral(argument) ? argument.getLiteralValue() : undefined,
    )
  }
  return found.sort((a, b) => a.line - b.line)
}
