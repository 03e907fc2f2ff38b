// Does the code keep to the arrows between packages? Holds package.json files, imports, lock file and names to what
// CONTRIBUTING.md says; says nothing of what the code does.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';

const root = resolve(import.meta.dirname, '..');

// Who may import whom, in the order of the data. What stands here for a package is the most it may have.
const arrows: Record<string, { own: string[]; foreign: string[] }> = {
  core: { own: [], foreign: [] },
  tpm: { own: ['core'], foreign: [] },
  measurement: { own: ['core', 'tpm'], foreign: [] },
  protocol: { own: ['core'], foreign: ['typebox'] },
  appraisal: { own: ['core', 'tpm', 'measurement', 'protocol'], foreign: [] },
  daemon: { own: ['core'], foreign: ['fastify', 'kysely', 'pg', 'pino', 'typebox', 'ws'] },
  agent: { own: ['core', 'tpm', 'measurement', 'protocol', 'daemon'], foreign: [] },
  attestation: {
    own: ['core', 'tpm', 'measurement', 'protocol', 'appraisal', 'daemon'],
    foreign: ['fastify', 'jose', 'kysely', 'typebox', 'ws'],
  },
  compute: { own: ['core', 'protocol', 'daemon'], foreign: ['fastify', 'jose', 'kysely', 'typebox', 'ws'] },
  metadata: { own: ['core', 'protocol', 'daemon', 'compute'], foreign: ['fastify'] },
  cli: {
    own: [
      'core',
      'tpm',
      'measurement',
      'protocol',
      'appraisal',
      'daemon',
      'agent',
      'attestation',
      'compute',
      'metadata',
    ],
    foreign: ['@peculiar/x509', 'cli-table3', 'commander', 'listr2', 'reflect-metadata', 'yaml'],
  },
};

type Manifest = {
  name: string;
  workspaces: string[];
  exports: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
};
const manifest = (folder: string): Manifest => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
const packages = Object.keys(arrows);

// Files that are there, tracked or about to be; what git ignores is no part of the project.
const files = execFileSync(
  'git',
  ['-c', 'safe.directory=*', 'ls-files', '--cached', '--others', '--exclude-standard', '-z'],
  {
    cwd: root,
    encoding: 'utf8',
  },
)
  .split('\0')
  .filter((file) => file && existsSync(join(root, file)));
const isTest = (file: string) => /\.test\.ts$|\/testing\//.test(file);
const packageOf = (file: string) => /^packages\/([^/]+)\//.exec(file)?.[1];
const sources = files.filter((file) => /\.tsx?$/.test(file) && packageOf(file));

/** What a file imports, exports from or loads on demand; comments do not count. */
function imports(file: string): string[] {
  const code = readFileSync(join(root, file), 'utf8').replace(/^\s*(\/\/|\*|\/\*\*).*$/gm, '');
  const found = code.matchAll(/(?:\bfrom|^import|\bimport\s*\()\s*['"]([\w@.:#/-][^'"\s]*)['"]/gm);
  return [...found].map(([, specifier]) => specifier as string).filter((specifier) => !specifier.includes('${'));
}
/** `@assay/tpm/structures` → `@assay/tpm`. */
const nameOf = (specifier: string) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

test('the root lists the packages in the order of the data', () => {
  assert.deepEqual(
    manifest('.').workspaces,
    packages.map((name) => `packages/${name}`),
  );
});

for (const [name, { own, foreign }] of Object.entries(arrows)) {
  test(`${name} depends on nothing beyond its arrows`, () => {
    const allowed = [...own.map((other) => `@assay/${other}`), ...foreign];
    const declared = Object.keys(manifest(`packages/${name}`).dependencies ?? {});
    assert.deepEqual(
      declared.filter((dependency) => !allowed.includes(dependency)),
      [],
    );
  });

  test(`${name} imports only what its package.json declares, and declares only what it imports`, () => {
    const { dependencies = {}, devDependencies = {} } = manifest(`packages/${name}`);
    const declared = Object.keys(dependencies);
    const [shipped, tried] = [new Map<string, string>(), new Set<string>()];
    for (const file of sources.filter((source) => packageOf(source) === name)) {
      for (const specifier of imports(file).map(nameOf)) {
        if (specifier.startsWith('.') || isBuiltin(specifier) || specifier === `@assay/${name}`) continue;
        if (!isTest(file)) shipped.set(specifier, file);
        tried.add(specifier);
      }
    }
    assert.deepEqual(
      [...shipped].filter(([dependency]) => !declared.includes(dependency)),
      [],
    );
    const unused = [...declared, ...Object.keys(devDependencies)].filter((dependency) => !tried.has(dependency));
    assert.deepEqual(
      unused.filter((dependency) => !dependency.startsWith('@types/')),
      [],
      'declared, not used',
    );
  });
}

test('no file reaches into another package past its exports', () => {
  const wrong: string[] = [];
  for (const file of sources) {
    const mine = join('packages', packageOf(file) as string);
    for (const specifier of imports(file)) {
      if (specifier.startsWith('.')) {
        const target = relative(root, resolve(root, dirname(file), specifier));
        if (!target.startsWith(`${mine}/`)) wrong.push(`${file}: ${specifier}`);
      } else if (specifier.startsWith('@assay/')) {
        const [, other = '', ...path] = specifier.split('/');
        const offered = Object.keys(manifest(`packages/${other}`).exports);
        if (!offered.includes(['.', ...path].join('/'))) wrong.push(`${file}: ${specifier}`);
        if (!isTest(file) && path[0] === 'testing') wrong.push(`${file}: ${specifier} is for tests`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

test('appraisal is pure: no input or output, no clock, of tpm only its structures', () => {
  const pure = ['node:crypto', 'node:buffer', 'node:util', 'node:net']; // net: isIP and its like, which open nothing
  for (const file of sources.filter((source) => packageOf(source) === 'appraisal' && !isTest(source))) {
    for (const specifier of imports(file)) {
      if (isBuiltin(specifier)) assert.ok(pure.includes(specifier), `${file}: ${specifier}`);
      if (specifier.startsWith('@assay/tpm')) assert.equal(specifier, '@assay/tpm/structures', file);
    }
    const code = readFileSync(join(root, file), 'utf8').replace(/\/\/.*$/gm, '');
    assert.doesNotMatch(
      code,
      /\bDate\.now\(|\bnew Date\(\)|performance\.now|process\.|Math\.random|randomBytes|setTimeout/,
      file,
    );
  }
});

test('the command line loads packages only inside its commands', () => {
  for (const file of sources.filter((source) => /^packages\/cli\/(main|commands\/[^/]+)\.ts$/.test(source))) {
    const code = readFileSync(join(root, file), 'utf8');
    const early = [...code.matchAll(/^import (?!type\b)[^;]*from '(@assay\/[^']+)'/gm)].map(([, name]) => name);
    assert.deepEqual(
      early.filter((name) => name !== '@assay/core'),
      [],
      file,
    );
  }
});

test('an index.ts only says what its package offers', () => {
  for (const file of sources.filter((source) => source.endsWith('/index.ts'))) {
    const rest = readFileSync(join(root, file), 'utf8')
      .replace(/\/\/.*$/gm, '')
      .replace(/export\s+(type\s+)?(\*(\s+as\s+\w+)?|\{[^}]*\})\s+from\s+'[^']+';/g, '')
      .replace(/export\s*\{\s*\};/g, '')
      .trim();
    assert.equal(rest, '', file);
  }
});

test('files are named for what is inside, in kebab-case', () => {
  for (const file of sources) {
    assert.match(file, /^[a-z0-9.\-/]+$/);
    assert.doesNotMatch(file, /(^|\/)(utils?|common|misc|helpers?|shared)(\.|\/)/);
  }
});

test('no file names a place on the machine it was written on, or a package registry', () => {
  // In parts, so that this file does not find itself.
  const places = [
    ['/wo', 'rk/'],
    ['/ro', 'ot/'],
    ['/home', '/[a-z]+/'],
    ['registry', '\\.[a-z]+js\\.'],
    ['"resol', 'ved": "http'],
  ];
  const pattern = new RegExp(places.map((parts) => `(?<![A-Za-z0-9_.-])${parts.join('')}`).join('|'));
  const ofGuest = 'image/host/initrd/init'; // where its own root file system is mounted
  const found: string[] = [];
  for (const file of files) {
    const bytes = readFileSync(join(root, file));
    if (bytes.includes(0) || file === ofGuest) continue; // no text
    bytes
      .toString('utf8')
      .split('\n')
      .forEach((line, at) => {
        if (pattern.test(line)) found.push(`${file}:${at + 1}: ${line.slice(0, 120)}`);
      });
  }
  assert.deepEqual(found, []);
});

test('the lock file fits the package.json files and has every package they lead to', () => {
  type Locked = Pick<Manifest, 'dependencies' | 'devDependencies'> & {
    optionalDependencies?: Record<string, string>;
    link?: boolean;
  };
  const lock: { packages: Record<string, Locked> } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  for (const folder of ['.', ...manifest('.').workspaces]) {
    const { dependencies, devDependencies } = manifest(folder);
    const locked = lock.packages[folder === '.' ? '' : folder];
    assert.deepEqual([locked?.dependencies, locked?.devDependencies], [dependencies, devDependencies], folder);
  }
  // npm leaves out, without a word, an optional package that the registry did not have, and npm ci then refuses the whole.
  for (const [place, { dependencies, optionalDependencies }] of Object.entries(lock.packages)) {
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const places = place
        .split('/node_modules/')
        .map((_, at, all) => all.slice(0, all.length - at).join('/node_modules/'));
      const candidates = [...places.map((at) => `${at}/node_modules/${name}`), `node_modules/${name}`];
      assert.ok(
        candidates.some((candidate) => lock.packages[candidate]),
        `${place || 'root'} needs ${name}`,
      );
    }
  }
});
