// How a request that changes something says who, why and whether: in its body; where a method has none by custom, in the query as well.
import { Change } from '@assay/protocol';
import { Type } from 'typebox';

/** Nothing at all says nothing. */
export const MaybeChange = Type.Union([Change, Type.Undefined(), Type.Null()]);
