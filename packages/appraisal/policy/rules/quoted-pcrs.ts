// Does the quote cover every PCR the policy rests on?
import { finding } from '../../findings.ts';
import type { Rule } from '../rule.ts';

export const quotedPcrs: Rule = {
  name: 'quoted-pcrs',
  find: ({ policy, quote }) =>
    policy.pcrs.flatMap(({ bank, pcrs }) => {
      const quoted = quote.selection.find(({ hash }) => hash === bank)?.pcrs ?? [];
      const missing = pcrs.filter((pcr) => !quoted.includes(pcr));
      if (missing.length === 0) return [];
      const [expected, seen] = [`${bank} PCR ${pcrs.join(', ')}`, `a challenge without PCR ${missing.join(', ')}`];
      return [finding('policy-pcrs-not-quoted', 'policy', expected, seen)];
    }),
};
