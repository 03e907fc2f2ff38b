// Which methods does a path know? So that a wrong one is answered 405 with what is allowed, not 404.
import type { HttpsServer } from './server.ts';

/** Watches the server's routes; the function it returns gives the methods of a path, in the order they were declared. */
export function allowedMethods(server: HttpsServer): (path: string) => string[] {
  const routes: { methods: string[]; parts: string[] }[] = [];
  server.addHook('onRoute', ({ method, url }) => {
    routes.push({ methods: [method].flat(), parts: url.split('/') });
  });
  return (path) => {
    const parts = path.split('/');
    return [...new Set(routes.filter((route) => fits(route.parts, parts)).flatMap((route) => route.methods))];
  };
}

function fits(pattern: readonly string[], parts: readonly string[]): boolean {
  if (pattern.at(-1) === '*')
    return parts.length >= pattern.length && fits(pattern.slice(0, -1), parts.slice(0, pattern.length - 1));
  return (
    pattern.length === parts.length &&
    pattern.every((part, at) => (part.startsWith(':') ? parts[at] !== '' : part === parts[at]))
  );
}
