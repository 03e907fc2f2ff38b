// The boot request: what may be asked for, and what of it this cloud can do. What it cannot is refused, never ignored.
import { Type } from 'typebox';

const Text = Type.String({ minLength: 1, maxLength: 255 });
const Count = Type.Union([Type.Integer({ minimum: 1, maximum: 1000 }), Type.String({ pattern: '^[1-9][0-9]{0,2}$' })]);
const Nothing = Type.Union([Type.Null(), Type.Array(Type.Unknown(), { maxItems: 0 })]);

/** Keys and values as instances get them through metadata. */
export const Metadata = Type.Record(
  Type.String({ pattern: '^[a-zA-Z0-9-_:. ]{1,255}$' }),
  Type.String({ maxLength: 255 }),
  { additionalProperties: false },
);

export const CreateServer = Type.Object(
  {
    server: Type.Object(
      {
        name: Type.String({
          minLength: 1,
          maxLength: 255,
          pattern: '^(?!\\s)[^\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]+(?<!\\s)$',
        }),
        imageRef: Type.Optional(Type.String({ maxLength: 255 })),
        flavorRef: Type.Union([Text, Type.Integer()]),
        key_name: Type.Optional(Type.Union([Text, Type.Null()])),
        min_count: Type.Optional(Count),
        max_count: Type.Optional(Count),
        networks: Type.Optional(Type.Union([Type.Literal('auto'), Type.Literal('none'), Type.Array(Type.Unknown())])),
        metadata: Type.Optional(Metadata),
        user_data: Type.Optional(Type.Union([Type.String({ maxLength: 65_535 }), Type.Null()])),
        availability_zone: Type.Optional(Type.Union([Text, Type.Null()])),
        hostname: Type.Optional(Type.String({ pattern: '^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$' })),
        security_groups: Type.Optional(Type.Array(Type.Object({ name: Type.Optional(Text) }))),
        return_reservation_id: Type.Optional(
          Type.Union([Type.Boolean(), Type.String({ pattern: '^(?i:true|false)$' })]),
        ),
        config_drive: Type.Optional(Type.Union([Type.Boolean(), Type.String(), Type.Null()])),
        adminPass: Type.Optional(Type.String({ maxLength: 255 })),
        'OS-DCF:diskConfig': Type.Optional(Type.Union([Type.Literal('AUTO'), Type.Literal('MANUAL')])),
        personality: Type.Optional(Nothing),
        block_device_mapping: Type.Optional(Nothing),
        block_device_mapping_v2: Type.Optional(Nothing),
      },
      { additionalProperties: false },
    ),
    'os:scheduler_hints': Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    'OS-SCH-HNT:scheduler_hints': Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  { additionalProperties: false },
);
