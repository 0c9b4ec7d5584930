import ts from 'typescript';

export interface Source {
  /** From the project's root, with `/`. */
  readonly path: string;
  readonly text: string;
}

export interface Import {
  readonly from: string;
  /** `import type`, gone at run time. `import { type A }` is not: under verbatimModuleSyntax the module is still loaded. */
  readonly typeOnly: boolean;
}

export interface Reading {
  readonly imports: readonly Import[];
  /** Names that nothing in the file declares: globals. `Math.random` is one of them, other members are left out. */
  readonly globals: ReadonlySet<string>;
  readonly asynchronous: boolean;
  /** Text of each statement with the type `any`. */
  readonly anys: readonly string[];
}

/** Reads with the compiler's own parser, since a word in a comment, a type or a property is not a use. */
export function read({ path, text }: Source): Reading {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  const uses: ts.Identifier[] = [];
  const anys: string[] = [];
  const declared = new Map<string, Set<ts.Node>>();
  let asynchronous = false;

  const visit = (node: ts.Node): void => {
    const found = importOf(node);
    if (found !== null) imports.push(found);
    if (node.kind === ts.SyntaxKind.AnyKeyword) anys.push(statementOf(node).getText());
    if (node.kind === ts.SyntaxKind.AsyncKeyword || ts.isAwaitExpression(node)) asynchronous = true;
    if (ts.isIdentifier(node) && !isTypePosition(node)) {
      if (isDeclaration(node)) declare(declared, node);
      else if (isReference(node)) uses.push(node);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);

  const globals = new Set(uses.filter((use) => !isLocal(declared, use)).map(globalName));
  return { imports, globals, anys, asynchronous: asynchronous || globals.has('Promise') || globals.has('queueMicrotask') };
}

function importOf(node: ts.Node): Import | null {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    return { from: node.moduleSpecifier.text, typeOnly: node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined && ts.isStringLiteral(node.moduleSpecifier)) {
    return { from: node.moduleSpecifier.text, typeOnly: node.isTypeOnly };
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [from] = node.arguments;
    return { from: from !== undefined && ts.isStringLiteral(from) ? from.text : '(computed)', typeOnly: false };
  }
  return null;
}

function statementOf(node: ts.Node): ts.Node {
  return ts.findAncestor(node, ts.isStatement) ?? node;
}

function isTypePosition(node: ts.Node): boolean {
  const type = ts.findAncestor(
    node,
    (above) => ts.isTypeNode(above) || ts.isInterfaceDeclaration(above) || ts.isTypeAliasDeclaration(above),
  );
  if (type === undefined) return false;
  // `class A extends B<C>`: B is a value.
  return !(
    ts.isExpressionWithTypeArguments(type) &&
    ts.isHeritageClause(type.parent) &&
    type.expression.getText() === node.getText()
  );
}

function isDeclaration(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isImportSpecifier(parent) || ts.isImportClause(parent) || ts.isNamespaceImport(parent)) return true;
  const named = ts.isVariableDeclaration(parent) || ts.isParameter(parent) || ts.isBindingElement(parent);
  return (
    (named || ts.isFunctionDeclaration(parent) || ts.isFunctionExpression(parent) || ts.isClassLike(parent)) &&
    parent.name === node
  );
}

/** Not the name of a member: neither `a.name` nor `{ name: 1 }` nor `class { name() {} }`. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  if (ts.isBindingElement(parent)) return parent.propertyName !== node;
  return (parent as { readonly name?: ts.Node }).name !== node && !ts.isExportSpecifier(parent);
}

function declare(declared: Map<string, Set<ts.Node>>, node: ts.Identifier): void {
  const scopes = declared.get(node.text) ?? new Set();
  declared.set(node.text, scopes.add(scopeOf(node)));
}

function scopeOf(node: ts.Identifier): ts.Node {
  // A function's own name belongs to the scope around it.
  const from = ts.isFunctionDeclaration(node.parent) || ts.isClassDeclaration(node.parent) ? node.parent.parent : node.parent;
  const isScope = (above: ts.Node): boolean =>
    ts.isFunctionLike(above) ||
    ts.isBlock(above) ||
    ts.isSourceFile(above) ||
    ts.isForStatement(above) ||
    ts.isForOfStatement(above);
  return ts.findAncestor(from, isScope) ?? node.getSourceFile();
}

function isLocal(declared: ReadonlyMap<string, ReadonlySet<ts.Node>>, use: ts.Identifier): boolean {
  const scopes = declared.get(use.text);
  return scopes !== undefined && ts.findAncestor(use, (above) => scopes.has(above)) !== undefined;
}

function globalName(use: ts.Identifier): string {
  const { parent } = use;
  if (use.text !== 'Math') return use.text;
  return ts.isPropertyAccessExpression(parent) && parent.name.text !== 'random' ? 'Math' : 'Math.random';
}
