import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LearnResult } from '@assay/protocol';
import { learn, startPool } from '../testing/pool.ts';

const filesIn = ({ added, known }: LearnResult) =>
  [...added, ...known].flatMap(({ content }) =>
    content.form === 'files' ? content.files.map(({ path }) => path) : [],
  );

test('a golden host teaches all files of its list, also those that earlier rounds have brought', async (t) => {
  const { server, peer, host, ask } = await startPool(t);
  const round = async () => {
    const { challenge, verdict } = await ask();
    peer.send(await host.answer(challenge));
    await peer.expect('result');
    assert.equal((await verdict).trust, 'trusted');
  };
  await host.measure({ path: '/usr/bin/one' }, { path: '/usr/bin/two' });
  await round();
  await host.measure({ path: '/usr/bin/three' });
  await round();
  const three = ['/usr/bin/one', '/usr/bin/three', '/usr/bin/two'];
  assert.deepEqual(filesIn(await learn(server, peer, host)), three, 'nothing is new in this round');
  await host.measure({ path: '/usr/bin/four' });
  assert.deepEqual(filesIn(await learn(server, peer, host)), ['/usr/bin/four', ...three].sort());

  await host.reboot();
  assert.deepEqual(filesIn(await learn(server, peer, host)), [], 'nothing was measured in this boot');
  await host.measure({ path: '/usr/bin/five' });
  assert.deepEqual(
    filesIn(await learn(server, peer, host)),
    ['/usr/bin/five'],
    'what another boot measured is not taught',
  );
});
