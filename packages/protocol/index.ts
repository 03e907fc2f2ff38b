export * from './agent/ak-state.ts';
export * from './agent/frames.ts';
export { AkName, Base64, fromBase64, Hex, HostName, Instant, isUuid, Sha256, toBase64, Uuid } from './bytes.ts';
export * from './evidence.ts';
export { check, parse, validatorOf } from './message.ts';
export * from './oat/poll-hosts.ts';
export * from './oat/white-lists.ts';
export * from './policy.ts';
export * from './rest/change.ts';
export * from './rest/explanation.ts';
export * from './rest/hosts.ts';
export * from './rest/policies.ts';
export * from './rest/reference.ts';
export * from './rest/tickets.ts';
export * from './tag-record.ts';
export {
  canonicalTags,
  checkTags,
  demandText,
  isTagName,
  TagDemands,
  Tags,
  TagValue,
  tagsText,
  type UnmetTag,
  unmetTags,
  unmetText,
} from './tags.ts';
export * from './ticket.ts';
export * from './verdict.ts';
