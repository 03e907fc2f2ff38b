// The process behind `assay up`: runs the lab's units until it is told to end. Started by `assay up`, not by people.
import { mkdirSync } from 'node:fs';
import { runDaemon } from '@assay/daemon';
import { self } from './self.ts';
import { openLab } from './settings.ts';
import { serveOrders } from './supervisor/control.ts';
import { recordOf, removeRecord, writeRecord } from './supervisor/process-record.ts';
import { Supervisor } from './supervisor/supervisor.ts';
import { unitPlans } from './units.ts';

export const supervisorUnit = 'supervisor';

export const supervise = (state: string): Promise<void> =>
  runDaemon(
    supervisorUnit,
    async ({ log, onStop, stop }) => {
      const lab = openLab(state);
      const { runDir, logDir, supervisorSocket } = lab.paths;
      mkdirSync(runDir, { recursive: true, mode: 0o700 });
      const supervisor = new Supervisor(unitPlans(lab), { runDir, logDir, log });
      const record = recordOf(supervisorUnit, process.pid, [...self, 'lab', 'supervise']);
      if (record) writeRecord(runDir, record);
      onStop(() => removeRecord(runDir, supervisorUnit));
      onStop(() => supervisor.stopAll());
      onStop(await serveOrders(supervisorSocket, supervisor, stop));
      log.info({ state: lab.paths.root }, 'supervising');
    },
    { deadlineMs: 60_000 },
  );
