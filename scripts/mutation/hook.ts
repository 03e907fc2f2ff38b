// Loaded before a test: one file of the product is read with a part of it replaced, as MUTANT says.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

type Replacement = { path: string; start: number; end: number; instead: string };

const { path, start, end, instead } = JSON.parse(process.env['MUTANT'] ?? '{}') as Replacement;

registerHooks({
  load(url, context, next) {
    if (!url.startsWith('file:') || fileURLToPath(url) !== path) return next(url, context);
    const source = readFileSync(path, 'utf8');
    return {
      format: 'module-typescript',
      source: source.slice(0, start) + instead + source.slice(end),
      shortCircuit: true,
    };
  },
});
