// CPU of verifying evidence: quotes, boot logs, IMA lists, all of it at once, beside raw limits of the same run
import { bootLog } from './evidence/boot-log.ts';
import { ima } from './evidence/ima.ts';
import { quotes } from './evidence/quotes.ts';
import { stored } from './evidence/stored.ts';
import { whole } from './evidence/whole.ts';
import { sayGoals, sayMachine } from './figures.ts';

sayMachine();
sayGoals([...quotes(), ...(await stored()), ...bootLog(), ...ima(), ...whole()]);
