// What must never happen, whatever the input? An exception that nobody foresaw, time or memory out of proportion, a wrong answer.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { AssayError } from '@assay/core';
import type { Target } from './targets/target.ts';

/** A wrong answer; anything else that is thrown and no AssayError is a fault as well. */
export class Fault extends Error {}

/** Too slow. May be the instruments' doing: to be tried again without them. */
export class Slow extends Fault {}

/** @throws Fault with this message unless it holds */
export function holds(condition: boolean, message: string): void {
  if (!condition) throw new Fault(message);
}

/** What the work gives, or the failure it foresaw. Anything else it throws goes on. */
export function foreseen<T>(work: () => T): T | AssayError {
  try {
    return work();
  } catch (error) {
    if (error instanceof AssayError) return error;
    throw error;
  }
}

/** Of one run, in ms, however small its input; the first runs of a function are slow, and so is a machine under load. */
const floorMs = 50;
const mebibyte = 1024 * 1024;
/** What may stay in memory, over the size of the input. */
const mostRetained = 64;
const retainedFloor = 8 * mebibyte;
/** From here on memory is looked at: it takes two collections. */
const bigInput = 128 * 1024;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** @returns the fault; undefined when all was well */
export async function faultOf(target: Target, input: Uint8Array): Promise<unknown> {
  try {
    const limit = Math.max(floorMs, ((target.msPerMiB ?? 50) * input.length) / mebibyte);
    // Once may be slow for reasons that are not its own.
    for (let attempt = 1; (await cpuMs(target, input)) > limit; attempt++)
      if (attempt === 4)
        return new Slow(`took more than ${Math.round(limit)} ms for ${input.length} bytes, four times`);
    if (input.length >= bigInput) await checkMemory(target, input);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Of this thread alone: the machine may be busy. */
async function cpuMs(target: Target, input: Uint8Array): Promise<number> {
  const before = process.threadCpuUsage();
  await target.run(input);
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

async function checkMemory(target: Target, input: Uint8Array): Promise<void> {
  const held = () => {
    collect();
    collect(); // what the first has found is let go beside it, and counted out by the second
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = held();
  const result = await target.run(input);
  const grown = held() - before;
  const limit = retainedFloor + mostRetained * input.length;
  holds(grown <= limit, `holds ${grown} bytes of memory for ${input.length} bytes of input (${typeof result})`);
}
