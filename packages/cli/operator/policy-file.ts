// What does a policy file say? YAML or JSON → a document that fits the schema, or an error with the line and column to look at.
// Whether a host can be trusted by it, appraisal decides.
import { policyFrom } from '@assay/appraisal';
import { AssayError } from '@assay/core';
import { PolicyDocument, validatorOf } from '@assay/protocol';
import { type Document, isMap, isNode, isScalar, LineCounter, parseAllDocuments, visit } from 'yaml';

/** In characters; a policy with a site's certificates is some ten thousand. */
const longest = 1 << 20;

/** @throws AssayError `policy-syntax` for what is no YAML, `policy-value` for a field that may not be so; where is `file:line:column: field` */
export function policyFromText(text: string, file: string): PolicyDocument {
  if (text.length > longest)
    throw new AssayError('policy-syntax', file, `at most ${longest} characters`, `${text.length}`);
  const lines = new LineCounter();
  const placeAt = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const [document, another] = parseAllDocuments(text, {
    lineCounter: lines,
    version: '1.2',
    schema: 'core',
    prettyErrors: false,
  }) as Document.Parsed[];
  if (!document) throw new AssayError('policy-syntax', file, 'a policy', 'an empty file');
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) throw new AssayError('policy-syntax', placeAt(problem.pos[0]), 'YAML or JSON', problem.message);
  if (another)
    throw new AssayError('policy-syntax', placeAt(another.range[0]), 'one policy in a file', 'another one after it');
  refuseAliases(document, placeAt);

  const value: unknown = document.toJS({ maxAliasCount: 0 });
  const fail = (path: readonly string[], expected: string, got: unknown, cause?: unknown): never => {
    const field = path.length === 0 ? '' : `: ${path.join('.')}`;
    throw new AssayError('policy-value', `${placeAt(offsetOf(document, path))}${field}`, expected, got, { cause });
  };
  const validator = validatorOf(PolicyDocument);
  if (!validator.Check(value)) {
    const [, errors] = validator.Errors(value);
    const { path, expected } = complaintOf(errors as readonly SchemaError[]);
    return fail(path, expected, at(value, path));
  }
  try {
    // What no schema can tell: whatever it makes of the rest, a server that judges by it makes the same.
    policyFrom(value as PolicyDocument, { version: 1, lifetimeS: 3600 });
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    const [, field = ''] = /^policy [^:]+: (.+)$/.exec(error.where) ?? [];
    fail(pathOf(field), error.expected, error.got, error);
  }
  return value as PolicyDocument;
}

/** A few lines of aliases make a document as large as one likes; a policy needs none. */
function refuseAliases(document: Document.Parsed, placeAt: (offset: number) => string): void {
  visit(document, {
    Alias(_key, node) {
      throw new AssayError('policy-syntax', placeAt(node.range?.[0] ?? 0), 'the value itself', 'an alias');
    },
    Pair(_key, { key }) {
      // `toJS` would make text of a list or an object.
      if (isScalar(key) && (typeof key.value === 'string' || typeof key.value === 'number')) return;
      const offset = isNode(key) ? (key.range?.[0] ?? 0) : 0;
      throw new AssayError('policy-syntax', placeAt(offset), 'a name', 'a key that is none');
    },
  });
}

type SchemaError = { keyword: string; instancePath: string; message: string };

/** The checker's first complaint, in words of the file. */
function complaintOf([first]: readonly SchemaError[]): { path: string[]; expected: string } {
  if (!first) return { path: [], expected: 'a policy' };
  const path = first.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  // An object that is closed has schema `false` for every other name.
  if (first.keyword === 'boolean') return { path, expected: `one of the fields ${fieldsAt(path.slice(0, -1))}` };
  const expected = /^must (be|have) /.test(first.message)
    ? first.message.replace(/^must (be|have) /, '')
    : first.message.replace(/^must /, 'it to ');
  return { path, expected };
}

/** Names of the fields that the object at this place may have. */
function fieldsAt(path: readonly string[]): string {
  let part: { properties?: Record<string, unknown> } | undefined = PolicyDocument;
  for (const name of path) part = part?.properties?.[name] as typeof part;
  return Object.keys(part?.properties ?? {}).join(', ') || 'of a policy';
}

/** Where the field stands, or the nearest thing around it that is there. */
function offsetOf(document: Document.Parsed, path: readonly string[]): number {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1).map(step), true);
    const name = path[length - 1];
    // At a field's name, not at its value, which may be lines below.
    const pair = isMap(parent) && parent.items.find(({ key }) => isScalar(key) && String(key.value) === name);
    if (pair && isNode(pair.key)) return pair.key.range?.[0] ?? 0;
    const node = document.getIn(path.slice(0, length).map(step), true);
    if (isNode(node)) return node.range?.[0] ?? 0;
  }
  return document.contents?.range?.[0] ?? 0;
}

/** Numbers are places in a list. */
const step = (part: string): string | number => (/^(0|[1-9][0-9]*)$/.test(part) ? Number(part) : part);

/** `evidence.pcrs.sha256[3]` → its parts */
const pathOf = (field: string): string[] => field.split(/[.[\]]+/).filter((part) => part !== '');

function at(value: unknown, path: readonly string[]): unknown {
  let part = value;
  for (const name of path)
    part = typeof part === 'object' && part !== null ? (part as Record<string, unknown>)[name] : undefined;
  return part;
}
