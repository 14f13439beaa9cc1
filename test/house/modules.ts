/** What every TypeScript file of the tree exports, and what it takes from the others, read from its syntax alone. */
import { existsSync } from "node:fs";
import * as path from "node:path";
import ts from "typescript";
import { repositoryFolder as root, textFiles } from "../docs/textFiles";

interface Module {
  /** Path below the root. */
  readonly file: string;
  readonly exported: readonly string[];
  /** Names by the file that they are taken from; "*" is all of them. */
  readonly used: ReadonlyMap<string, ReadonlySet<string>>;
}

export function modules(): Module[] {
  const isModule = (file: string) => file.endsWith(".ts") && !file.endsWith(".d.ts");
  return textFiles(isModule).map(({ path: file, lines }) =>
    moduleOf(file, ts.createSourceFile(file, lines.join("\n"), ts.ScriptTarget.ES2022, true)),
  );
}

function moduleOf(file: string, source: ts.SourceFile): Module {
  const exported: string[] = [];
  const used = new Map<string, Set<string>>();
  const use = (specifier: ts.Expression | undefined, ...names: string[]) => {
    const target = resolve(file, specifier);
    if (target !== undefined) used.set(target, new Set([...(used.get(target) ?? []), ...names]));
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) use(node.moduleSpecifier, ...importedNames(node.importClause));
    else if (ts.isExportDeclaration(node)) {
      const names = node.exportClause === undefined ? ["*"] : elementsOf(node.exportClause);
      if (node.moduleSpecifier !== undefined) use(node.moduleSpecifier, ...names);
      if (node.exportClause !== undefined && ts.isNamedExports(node.exportClause))
        exported.push(...node.exportClause.elements.map(({ name }) => name.text));
    } else if (ts.isCallExpression(node) && isLoading(node)) use(node.arguments[0], "*");
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) use(node.argument.literal, "*");
    else if (ts.canHaveModifiers(node) && isExported(node)) exported.push(...declaredNames(node));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { file, exported, used };
}

function importedNames(clause: ts.ImportClause | undefined): string[] {
  const bindings = clause?.namedBindings;
  return [
    ...(clause?.name === undefined ? [] : ["default"]),
    ...(bindings === undefined ? [] : ts.isNamespaceImport(bindings) ? ["*"] : elementsOf(bindings)),
  ];
}

/** The names as the other file has them. */
function elementsOf(bindings: ts.NamedImports | ts.NamedExportBindings): string[] {
  if (ts.isNamespaceExport(bindings)) return ["*"];
  return bindings.elements.map(({ name, propertyName }) => (propertyName ?? name).text);
}

function isLoading({ expression, arguments: [first] }: ts.CallExpression): boolean {
  const loads =
    expression.kind === ts.SyntaxKind.ImportKeyword || ["require", "jest.requireActual"].includes(expression.getText());
  return loads && first !== undefined && ts.isStringLiteral(first);
}

const isExported = (node: ts.HasModifiers): boolean =>
  ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;

function declaredNames(node: ts.Node): string[] {
  if (ts.isVariableStatement(node)) return node.declarationList.declarations.flatMap(({ name }) => bound(name));
  const { name } = node as ts.DeclarationStatement;
  return name === undefined ? [] : [name.text];
}

function bound(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isBindingElement(element) ? bound(element.name) : []));
}

/** The file that a relative specifier leads to; undefined of what is not of this tree. */
function resolve(file: string, specifier: ts.Expression | undefined): string | undefined {
  if (specifier === undefined || !ts.isStringLiteral(specifier) || !specifier.text.startsWith(".")) return undefined;
  const target = path.join(path.dirname(file), specifier.text);
  return [target, `${target}.ts`, `${target}/index.ts`].find(
    (candidate) => candidate.endsWith(".ts") && existsSync(path.join(root, candidate)),
  );
}
