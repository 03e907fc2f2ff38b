export {
  type Conductor,
  type ConductorOptions,
  type PowerAction,
  type RunningConductor,
  startConductor,
} from './conductor.ts';
