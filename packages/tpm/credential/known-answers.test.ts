// Does a credential come out as others make it? The values are of other implementations: go-tpm's test vectors
// (github.com/google/go-tpm, tpm2/test/testvectors; those for ECC keys were opened by TPM2_ActivateCredential) and Keylime's
// test of makecredential (github.com/keylime/keylime, test/test_tpm_util.py).
import assert from 'node:assert/strict';
import {
  constants,
  createECDH,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  privateDecrypt,
} from 'node:crypto';
import { test } from 'node:test';
import { decode, encode } from '@assay/core';
import { ekProfiles } from '../keys/templates.ts';
import { IdObject } from '../structures/credential-blob.ts';
import { Public } from '../structures/public-area.ts';
import { kdfA, kdfE } from './kdf.ts';
import { eccSeed, makeCredential } from './make.ts';

const hex = (text: string) => Buffer.from(text, 'hex');

test('E13 KDFa and KDFe give the keys that other implementations give', () => {
  for (const [hash, key, label, contextU, contextV, bits, result] of [
    [
      'sha256',
      '',
      'SECRET',
      'fbf51f160255018bbc8efea4c36ac4fb4cbba34e9eff',
      '3cea0fdc2600',
      200,
      'a26c73dca13a265e09eec4b0abc4ecb2bf8d26db04e8823ee6',
    ],
    [
      'sha256',
      'e38573d849a5cfc9973f58b4535e42b7c08ef28b1b3e775375b5c66b9644be',
      'STORAGE',
      '00586dccbebc998087e4',
      '',
      552,
      '968f349b066ed26be3bd4e78333eb5c5b51c26ea376efe5dfaf061a2cf7f5eb82e4fcc2a30736e30f12b48ab17efd10576a4cf33450324b3f20011628df7a07c411f8c0f6c',
    ],
    [
      'sha512',
      'ff891e21825fecde6ff9',
      'INTEGRITY',
      'f9a3a62709e51f9fe4e79012bff5e1edb763dfa6acf25d972c9b997711bd91bc0183f58c49fb476e17f2a617058b1c43fe5e3956566a552443b3ff',
      'ce1c7a460d0d60361a36b1f187d981f468038a99dcc2d82cc8392b5cace83ce6684aa100',
      560,
      'd54c048abdd7a22ed7b91a6e3e6deda34b6c71cb14e9d4541e8b3fe71670580da5312e5decca3a9875b9ef8f658f3cfe0150ac2b87fcc46155fd5253178190afbae979211502',
    ],
  ] as const) {
    const derived = (named: string) =>
      Buffer.from(kdfA(hash, hex(key), named, hex(contextU), hex(contextV), bits)).toString('hex');
    assert.equal(derived(label), result);
    assert.notEqual(derived(`${label}\0`), result, 'the label ends with one zero');
    assert.notEqual(derived(label.toLowerCase()), result);
  }
  const [z, contextU, contextV] = ['6cbfdee9e66367b676', 'c303fe79ff', '79e34519a8a32f13d400'].map(hex) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  assert.equal(
    Buffer.from(kdfE('sha256', z, 'STORAGE', contextU, contextV, 728)).toString('hex'),
    'e59560660988b3d66e3a76bcc96110cc199bfa0418dca315f7070619e04fa0b6cdb2912db3786aaa34f2cad7dcee560eed2b4c3f7566e533e4a3bba9c9364397dd2ce45a0b85dde5c83fea27b4fb20bb0125346d24e5d9321f81b2',
  );
});

const eccVectors = {
  'P-256, SHA-256': {
    curve: 'prime256v1',
    ephemeral: '85e55f8e90f1ca33eb4fc4b2e347e6062127d4975bc48c520afdbcdd49b1c6d7',
    publicArea:
      '0023000b000304600020bef56b8c1cc84e11edd717528d2cd99356bd2bbf8f015209c3f84aeeaba8e8a20006008000430010000300100020f126562cedff2fa344c6234085de4250112ecf72d0714336970de012ba977da9002017436ee1160921fdd2ed033e11ba04ed0cedf2ca462246118a359f8eb469b531',
    seed: '88d8f97b4b8fd8bd1751ca32b5a3aa14c91163ad984b5c732e400572a8525edc',
    sent: '00200173de00ffb1981886c1fd3039b2de4e6dd1eb34634be4d9ce27a46455633606002083ba87eb7c9a032cc36ab674fc48266c4255aeb312d069893b6ea74fbcb21c3f',
  },
  'P-256, SHA-384': {
    curve: 'prime256v1',
    ephemeral: '7ba4cdd8a7d50d482a2c22274e4db5b7ddf8008889008a5e9996053ebcabf9d1',
    publicArea:
      '0023000c000304600030faaa97a96648cf3028b4c29e62587317ed03d3bef5f50958523c21593b020a2fa177964893ca758b26f0a5f16d0d0c1c000600800043001000030010002072d51078654c85db5fd8fe42e9eca7dff3f5ca464fbf1117370e47da8670da8d0020d4d7f00a210e4c58537829023e2bc5be7c910a663e461d3d69c96b8061f813f2',
    seed: '9193a5751446fb0bb3b16104094cb1c2f1c7104af795f44c0d43c481c61936c3fb62f1a776848ec22e7b0218c48ef70e',
    sent: '00202a2747ae88e664fd1266aacf8d1b438c1226ffdba416708367efc171af2937c60020cd8467bda798ee3a2d731c075096ae431ee88a099746450dbc0180254711ac88',
  },
  'P-521, SHA-256': {
    curve: 'secp521r1',
    ephemeral:
      '0104940a316f568eed27af400efa5323121b313da098c1efb2f8f4715eaa5a0ff6cc665737e99f7d58a8fc6de4768b8c58d46160522f8b197993e6cb4332d177d6e3',
    publicArea:
      '0023000b000304600020bef56b8c1cc84e11edd717528d2cd99356bd2bbf8f015209c3f84aeeaba8e8a2000601000043001000050010004200d9de6915b0fcbf6bf091ca9a4130706e8acfd30053dc9afe6e39276e0a4b3253df7a7a68d9767fab0fdafe1e1885e4a89f3088f5180f345df1ecb9dcb05218f1a2004201e11b3d83fff7fe22b15f798ad6dea533380eb13b099b2a872f91ec67398eec1535cbf1d3ed9d3e2ca123b2765391e93348ed07871be7aa37b6dd85dd7ff82e51ac',
    seed: 'c227232466717515f8bda704ccb22e1650e3ac7d07ded6de21ece2eb0f93e3ef',
    sent: '004201c8a3bcc36579d63d67800289ea251205e51278dc226e53fe45a854cca4372ebf7b32fd4f6061acca6429706a2f6e1b0b64f218483cf0e8ee78a5c4bffccd2381090042007979f6c0e7d8ac41ff1b5d36ad3488155ce4fd9c147fe3d53e345700a5c3f31c7114618e301b2fd68bb8f376c269671bb150992cf8a2cc46e6257d171a3ad97de2',
  },
  'P-521, SHA-384': {
    curve: 'secp521r1',
    ephemeral:
      '00cd7acc44231db8f188cd310df6d370be6007a8613866bfd19363387ac35d2c057aeaa399f50518229753bae27051a427279a5e1f0bfc6123b0f472aec348255e4d',
    publicArea:
      '0023000c000304600030faaa97a96648cf3028b4c29e62587317ed03d3bef5f50958523c21593b020a2fa177964893ca758b26f0a5f16d0d0c1c0006010000430010000500100042001f44dc89721f35c6090e81c3b98e0fd41b83b38484cebaae804ddb534e5552551954ad1780d306c61151d34991c16aee2236452faeedb7bc2c67a593633734ca8400420053885fa3628a96e3c83d47f8ac0df6080a5984c898d5b96c9ce09367a4518aa73d48a26a005cd269c281666ab7121aba10e7155be913e3afb292f2cd495f2da821',
    seed: 'f80494bee96492f503a96ec8676f6096c6ad6c3f506596e073b7e916e6356e2a7bb5970c347669cd80890ee4acaa3565',
    sent: '0042019e57774b2890dfad4f7fb7f4158935b8b4639857a108b8eef8af0feb2c9df3cd5bbabd7e14a457e152c326809af69327d710bafb0254cf52823a162cf54f5fb2cd00420010ffa55c43bc6e1a233ba8763a800bd1d6163e637eb3948c341d1f97eebaaad7b73a2ac9dca28bb56145f8517c8bb30a84e053c812029c3d0281334d8542bd9fd5',
  },
} as const;

for (const [name, { curve, ephemeral, publicArea, seed, sent }] of Object.entries(eccVectors))
  test(`E13 seed and point for an ECC key (${name}) are those that a TPM opened`, () => {
    const ek = decode(Public, hex(publicArea), 'EK');
    assert.ok(ek.type === 'ecc');
    const privateKey = ecPrivateKey(curve, hex(ephemeral));
    const made = eccSeed(ek, { privateKey, publicKey: createPublicKey(privateKey) });
    assert.equal(made.seed.toHex(), seed);
    assert.equal(made.encrypted.toHex(), sent);
  });

test('E13 the credential for an RSA key is that of another implementation with the same seed', () => {
  const { credentialBlob, secret } = makeCredential({
    ekPublic: hex(
      '0001000b000300b20020837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa00060080004300100800000000000100aef12278a9b8d8a1e5700fb835ff3d9b613d0d6fc17df186711260244f3f24847eb3ef1f5ff9b53d01cfebf291104385fbd71ead80a8294ebc76f671859b7c3c9a998300f30859ef3fdba00c5229f17092fd97f19128243000205cfe5ba24f5fc55538e52bf849c6f777690919929c7d2d9328070a2a6bdd67355a516b94afdceda00a0d27988a28644b30ac11beae23a51d9038cd9d789ae39cae15c1312ef174e217449771a602ade4daf35b20e072017c85a2f211fe5512319184059ddeaab94fa331c49c3f213bc3fbccd1e856b8984353ac92e3df0f72f1e5c0b97b9cdc333702872e9e63565c809d81fa8bb6c6da86867cead2adedc0cee80bb6617183',
    ),
    akName: hex('000b9601163463aacdb45be7ad1f6d11ad3dae0578d5aeeb5125e1075c5601b7c7fa'),
    secret: hex('5a4e524b4f4e6e777552754831683734785a466a42416f314758676c484d4149'),
    random: (size) => Buffer.alloc(size, 0x12),
  });
  assert.equal(
    credentialBlob.toHex(),
    '00206f0c4b08cfa00f21b474ca75623d098309c2cd7fac8d10ae3caf0da40162496db140cc6a5ae79a2bd7c22dc52cee372f34b356bf9bcd5176fa94239ee93191a0a75d',
  );
  assert.equal(secret.length, 256);
  assert.equal(decode(IdObject, credentialBlob, 'TPMS_ID_OBJECT').encIdentity.length, 34);
});

test('E13 the seed for an RSA key is under OAEP with the hash of its name and a label that ends with a zero', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const unique = Buffer.from(publicKey.export({ format: 'jwk' }).n ?? '', 'base64url');
  for (const [profile, hash, other] of [
    ['rsa2048', 'sha256', 'sha384'],
    ['rsa3072', 'sha384', 'sha256'],
  ] as const) {
    const template: Public = ekProfiles[profile].template;
    assert.ok(template.type === 'rsa');
    const ekPublic = encode(Public, { ...template, keyBits: 2048, unique });
    const seeds: Uint8Array[] = [];
    const random = (size: number) => {
      seeds.push(Buffer.alloc(size, 0x42));
      return Buffer.alloc(size, 0x42);
    };
    const akName = Buffer.concat([Buffer.of(0, 0x0b), Buffer.alloc(32, 1)]);
    const { secret } = makeCredential({ ekPublic, akName, secret: Buffer.alloc(16), random });
    const opened = (oaepHash: string, label: string) =>
      privateDecrypt(
        { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash, oaepLabel: Buffer.from(label) },
        secret,
      );
    assert.deepEqual([opened(hash, 'IDENTITY\0')], seeds);
    for (const [wrongHash, label] of [
      [hash, 'IDENTITY'],
      [hash, 'STORAGE\0'],
      [other, 'IDENTITY\0'],
    ] as const)
      assert.throws(() => opened(wrongHash, label));
  }
});

function ecPrivateKey(namedCurve: string, d: Buffer) {
  const ecdh = createECDH(namedCurve);
  ecdh.setPrivateKey(d);
  const point = ecdh.getPublicKey().subarray(1);
  const part = (from: number) => point.subarray(from, from + point.length / 2).toString('base64url');
  const crv = namedCurve === 'prime256v1' ? 'P-256' : 'P-521';
  const key = { kty: 'EC', crv, d: d.toString('base64url'), x: part(0), y: part(point.length / 2) };
  return createPrivateKey({ key, format: 'jwk' });
}
