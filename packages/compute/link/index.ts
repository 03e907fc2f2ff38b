export { type Caller, type CallerOptions, callLink } from './caller.ts';
export type { FileWish, ServeFile } from './files.ts';
export {
  type Command,
  type EndedBy,
  type FileKind,
  filePath,
  InstanceSpec,
  type InstanceState,
  type Order,
  type Register,
  type Status,
} from './frames.ts';
export { type Link, type LinkEvents, type LinkOptions, startLink } from './listener.ts';
export { type CheckTicket, mustBeValid, type Ticket, ticketCheck } from './ticket.ts';
