// Which JSON Schema has a policy? docs/policy.schema.json, made from the schema that the server checks policies against, for editors and other
// tools. What no schema can tell, `assay policy try` says.
//   node scripts/policy-schema.ts          writes it
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PolicyDocument } from '@assay/protocol';

export const file = join(import.meta.dirname, '../docs/policy.schema.json');

export function schemaText(): string {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Policy of Assay',
    ...PolicyDocument,
  };
  // Short lists on one line, as the formatter has them.
  const text = JSON.stringify(schema, undefined, 2).replace(
    /\[\s+("[^[\]{}]*")\s+\]/g,
    (_, items: string) => `[${items.replace(/,\s+/g, ', ')}]`,
  );
  return `${text}\n`;
}

if (import.meta.main) writeFileSync(file, schemaText());
