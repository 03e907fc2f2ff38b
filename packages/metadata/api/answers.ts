// What is said to whom may read, once identity, trust and limits are settled? Our own trees, or a Nova behind us.
import { randomBytes } from 'node:crypto';
import type { InstanceRecord, Records } from '@assay/compute/records';
import { htmlPage, htmlType } from '../html-page.ts';
import type { Answer, Source } from './trees/answer.ts';
import { ec2Tree } from './trees/ec2.ts';
import { openstackTree } from './trees/openstack.ts';

/** What decides about an instance before anything of it is said. */
export type Placement = Pick<InstanceRecord, 'id' | 'projectId' | 'host' | 'node'>;

export type Question<P extends Placement = InstanceRecord> = {
  readonly instance: P;
  /** HEAD comes as GET. */
  readonly method: 'GET' | 'POST';
  /** The request line's target, as it was sent. */
  readonly target: string;
  /** Its path, decoded and normalised; never empty. */
  readonly names: readonly string[];
  /** The guest's address, as the proxy has it. */
  readonly forwardedFor: string | undefined;
  /** Of a POST, which comes for `password` alone. */
  readonly body: Uint8Array | undefined;
};
export type Reply = { readonly status: number; readonly type: string; readonly body: Buffer | string };

export type Answers<P extends Placement = InstanceRecord> = {
  /** As it is at this moment; undefined for one that does not exist. */
  find(id: string): P | undefined | Promise<P | undefined>;
  answer(question: Question<P>): Reply | Promise<Reply>;
};

/** A page that says what a status means. @param explanation never text from a request */
export const pageReply = (status: number, explanation?: string): Reply => ({
  status,
  type: htmlType,
  body: htmlPage(status, explanation),
});

/** From the compute service's records. */
export function ownAnswers(needs: {
  records: Pick<Records, 'instance'>;
  dhcpDomain: string;
  vendorData: unknown;
}): Answers {
  return {
    find: (id) => needs.records.instance(id),
    answer({ instance, names }) {
      const answer = treeAt(names, { ...needs, instance, randomBytes });
      return answer ? { status: 200, ...answer } : pageReply(404);
    },
  };
}

function treeAt([first, ...rest]: readonly string[], source: Source): Answer | undefined {
  if (first === 'openstack') return openstackTree(rest, source);
  if (first === 'ec2') return ec2Tree(rest, source);
  return first === undefined ? undefined : ec2Tree([first, ...rest], source);
}
