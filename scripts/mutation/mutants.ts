// Where could a decision go wrong? Every comparison of a file, taken out in two ways, one at a time: always true, always false. One negated is one or
// the other of the two for any input a test has, so that tests which notice both notice that as well.
// Offsets are those of the source: stripping its types leaves every character where it was.
import { stripTypeScriptTypes } from 'node:module';
import { type Node, parse } from 'acorn';

export type Mutant = {
  /** From the root of the repository. */
  file: string;
  /** Characters of the source that are replaced. */
  start: number;
  end: number;
  /** What stands there, and what is put there instead. */
  text: string;
  instead: string;
  line: number;
};

const comparisons = new Set(['===', '!==', '<', '<=', '>', '>=', 'in', 'instanceof']);
/** Methods that answer yes or no. */
const questions = new Set(['endsWith', 'equals', 'every', 'has', 'hasOwn', 'includes', 'some', 'startsWith', 'test']);
/** @param source TypeScript */
export function mutantsOf(file: string, source: string): Mutant[] {
  const code = stripTypeScriptTypes(source);
  const found: Mutant[] = [];
  const replace = (node: Node, instead: string) =>
    found.push({
      file,
      start: node.start,
      end: node.end,
      text: source.slice(node.start, node.end),
      instead,
      line: source.slice(0, node.start).split('\n').length,
    });
  visit(parse(code, { ecmaVersion: 'latest', sourceType: 'module' }), (node, as) => {
    const isDecision = kindOf(node, as);
    if (!isDecision) return;
    replace(node, '(true)');
    replace(node, '(false)');
  });
  return found;
}

/** What a decision rests on: a comparison, a question, or whatever an `if`, a `?:`, an `&&` or a `!` looks at. */
function kindOf(node: Node, as: 'condition' | 'other'): boolean {
  if (node.type === 'BinaryExpression') return comparisons.has(String(field(node, 'operator')));
  if (node.type === 'CallExpression') {
    const callee = field(node, 'callee') as Node;
    const property = callee.type === 'MemberExpression' ? (field(callee, 'property') as Node) : undefined;
    if (property && questions.has(String(field(property, 'name')))) return true;
  }
  return as === 'condition' && !['LogicalExpression', 'UnaryExpression', 'ChainExpression'].includes(node.type);
}

/** The parts of a node that are looked at as true or false. */
const conditions: Readonly<Record<string, readonly string[]>> = {
  ConditionalExpression: ['test'],
  IfStatement: ['test'],
  WhileStatement: ['test'],
  UnaryExpression: ['argument'],
};

function visit(node: Node, see: (node: Node, as: 'condition' | 'other') => void): void {
  const walk = (one: Node, as: 'condition' | 'other') => {
    see(one, as);
    const isNot = one.type === 'UnaryExpression' && field(one, 'operator') !== '!';
    for (const [name, part] of Object.entries(one)) {
      const inCondition = one.type === 'LogicalExpression' && as === 'condition';
      const below = (!isNot && conditions[one.type]?.includes(name)) || inCondition ? 'condition' : 'other';
      for (const child of Array.isArray(part) ? part : [part]) if (isNode(child)) walk(child, below);
    }
  };
  walk(node, 'other');
}

const field = (node: Node, name: string): unknown => (node as unknown as Record<string, unknown>)[name];
const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
