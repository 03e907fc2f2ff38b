// Which CAs do TPM vendors publish? The set Assay starts with: certificates as they are in vendors/, by vendor. A file that
// is not listed here, or is another than the one listed, is never read as one of them. Whether each is a CA in earnest and
// leads to its vendor's anchor, the test says.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CaFile, TpmKind } from '@assay/appraisal';
import { AssayError } from '@assay/core';

type Vendor = {
  name: string;
  kind: TpmKind;
  /** Files whose certificates a chain may end in. What they are signed by is of no further interest. */
  anchors: readonly string[];
  /** File → SHA-256 of its certificate's DER, hex. */
  files: Readonly<Record<string, string>>;
};

/** By the TCG's vendor id, as `tpm2_getcap properties-fixed` shows it; a cloud's by a name of our own. */
export const vendors: Readonly<Record<string, Vendor>> = {
  IFX: {
    name: 'Infineon',
    kind: 'hardware',
    anchors: ['IFX_RSA_RT.pem', 'INF_ECC_010RT.pem', 'INF_RSA_010RT.pem'], // the first is signed by VeriSign's TPM root, which is not published with it
    files: {
      'IFX1.pem': '10ef22859b0a98121129aa0c4647a91fd412a5a79f1c628db3bfea4278d49abf',
      'IFX15.pem': '8a3e7db4445c4a795fb9e524db3ed2edf96f8423723f16ff5f71ca6b84a3e88c',
      'IFX2.pem': 'b33027e90f3f47bb5c0c54b18451121af0211a568eca51b68927280707b42f0e',
      'IFX3.pem': '2b2ab3993b854e496569fd1f187a383617eec1574bef0fa8c34bc013da40935f',
      'IFX4.pem': 'c2b50c0544fbfae3f8257410818bd2228759c04150989982c1b42c397abf00a8',
      'IFX5.pem': 'ed80849cf19acd6df5895ab47c6ec91555a3081b4696b900f8e346e777177aed',
      'IFX8.pem': '608dd48ff87759f404917c7471ec8cbe7ad972c1699d810f0e1a70fb2b02573f',
      'IFX_ECC_034.pem': '504ff6a327a67e1025b1efdf1bce71ec5f38a4be68256def40bbdec2cce052f1',
      'IFX_ECC_042.pem': 'b0756a2cd3d1fda524409d7de5c064405b3c3e8792f8358435292ab2e7248543',
      'IFX_RSA_01I.pem': '10ef22859b0a98121129aa0c4647a91fd412a5a79f1c628db3bfea4278d49abf',
      'IFX_RSA_02I.pem': 'b33027e90f3f47bb5c0c54b18451121af0211a568eca51b68927280707b42f0e',
      'IFX_RSA_034.pem': 'f251134a62f1862992855707c4b3fe5155d47691228fc2a3477014cc30c0d888',
      'IFX_RSA_03I.pem': '2b2ab3993b854e496569fd1f187a383617eec1574bef0fa8c34bc013da40935f',
      'IFX_RSA_042.pem': 'b51df89142eac690cc57555da0e534a16378b302e0bad3edf0631a328b14ae98',
      'IFX_RSA_04I.pem': 'c2b50c0544fbfae3f8257410818bd2228759c04150989982c1b42c397abf00a8',
      'IFX_RSA_05I.pem': 'ed80849cf19acd6df5895ab47c6ec91555a3081b4696b900f8e346e777177aed',
      'IFX_RSA_08I.pem': '608dd48ff87759f404917c7471ec8cbe7ad972c1699d810f0e1a70fb2b02573f',
      'IFX_RSA_17I.pem': 'cb1a77acd98db771d35b1977eb82485f0e0f64f6deb0577a97330b5b532eb7ed',
      'IFX_RSA_18I.pem': '9cd83ef4897819d545d3cccccf33ba7947e34439a93c5d45a3f136303e1c248e',
      'IFX_RSA_20I.pem': '73a42ded6eab007af264a51c5a3956092cdbf5a6d209303a4e0d57416d762067',
      'IFX_RSA_21I.pem': '014df370f125f4bc18c9fc4b41c17ec2311e8514fc9b622f5a633c10287c1ebd',
      'IFX_RSA_RT.pem': '7df2c3751c03ce003e99174d9cb2559f57a1b05b1920dd30bb6f8dfcf17f5e62',
      'INF_ECC_010I.pem': 'aa6a2b54bfbf090b6a2a7abbe494a2b6b47520e1c2ed7807ba54efc99cbdb5c9',
      'INF_ECC_010RT.pem': 'cfeb02fecd55ad7a73c6e1d11985d4c47dee248ab63dcb66091a2489660443c3',
      'INF_ECC_011.pem': 'b559a84e6332a7b4e32b4d3739e372e3c517ba5a4ccffee1daaf80bc641628ee',
      'INF_RSA_010I.pem': '0fef986eb5e34a2df81420707c2452abdfe386a3038f23d7568fbcc3cf54bac6',
      'INF_RSA_010RT.pem': '899e35474c9807eb4c7f2f7a12da0028fb250cd02154d0009fca7d9c66574f3b',
      'INF_RSA_011.pem': 'a83379f92a341beb61b67f03506644940feb4b85ea504a9d2213bca52c889f89',
      'INF_RSA_022.pem': 'd3c4ec52ed9289842c4f4e1e31fb23c4b03cc91163f9f3748b8a706d81113bed',
    },
  },
  INTC: {
    name: 'Intel',
    kind: 'hardware',
    anchors: ['INTEL_RT.pem'],
    files: {
      'INTEL_I.pem': 'e365738ed9d49110756b9fc3a72aae91e473db0f8c0aa4f3691f035c381480d7',
      'INTEL_RT.pem': '2e1b3ba79af56d758be51697621bc4b9e8cee0983db3e749c55eb9b37c6d2ae0',
    },
  },
  NTC: {
    name: 'Nuvoton',
    kind: 'hardware',
    anchors: [
      'NTC1.pem',
      'NTC2.pem',
      'NUVO_0100.pem',
      'NUVO_1110.pem',
      'NUVO_1111.pem',
      'NUVO_2110.pem',
      'NUVO_2111.pem',
    ],
    files: {
      'NTC1.pem': '56b67007f448bd5c5746299fcdea9323971bbdaaefd8e3b9b84773abc888c90e',
      'NTC2.pem': '8fac94b462b37acb84431bdc71395585caf518c17f656051ff9c4347a4726ed9',
      'NUVO_0100.pem': '887bc9658ffc6ad7f4eeb85c8819772ff609ee64c4dac4a6dca654a39e94b289',
      'NUVO_1110.pem': '2782e51a95e86d9557fe4204316cf805bd6f5898f81f9732e944d742bcdc5f54',
      'NUVO_1111.pem': 'e38c280f7c0e0b49f31efc7531032bb6a86c3fba4eb89beb1d510eaa4510ae4a',
      'NUVO_2110.pem': '4aebe77a51ed29959a7f9f5e07a24a558dee8167f3985d724995a541c258dfda',
      'NUVO_2111.pem': 'cd8185ff8995ed09811970090a8c36fafab34ef87f47fa51fdb9ecf95c9c2e04',
    },
  },
  NTZ: {
    name: 'Nationz',
    kind: 'hardware',
    anchors: ['Nationz_TPM_EK.pem'], // its root is not published with it
    files: {
      'Nationz_TPM_EK.pem': '44afc4b65d4f617143cf3085637e88e6ecc7710f9594b37f65a3dea82d300ba3',
    },
  },
  STM: {
    name: 'STMicroelectronics',
    kind: 'hardware',
    // GlobalSign signed both and other makers' CAs as well: what speaks for ST is ST's own.
    anchors: ['STM_RSA_RT.pem', 'STM_ECC_01RT.pem'],
    files: {
      'GS_TPM_RT.pem': 'f27bf02c6e00c73d915eeb6a6a2f5fbf0c31ae0393149e6b5c31e41b113841c3',
      'STM_ECC_01I.pem': '015bcfc3943540d18691bf95c939b0e560b293a835b1c32ff1dced975376ac42',
      'STM_ECC_01RT.pem': 'c541d7e5b9e3f935621acbd403896225ec641036c9ae3b5f7ac793a606ff9b79',
      'STM_RSA_01I.pem': '6c3ba9f3ce8f095179e42b015fa1e81cf6e260e140fc5ffcb0dd418da5acafd7',
      'STM_RSA_02I.pem': 'dc62a3b996414573df20bcaf013f0aae47b102e599f63b23c9bf0b6448a60b53',
      'STM_RSA_03I.pem': '6b26c20162a9de2d0f69dbc8c04b95c127f5ca5b153d7a01a7a6cf9ab88ad834',
      'STM_RSA_04I.pem': '25e87e5f9d8215e78b1a916d5d529b5ad9b3bfb52dbbf2d8c3ab211f6124caca',
      'STM_RSA_05I.pem': '870fc181411d24c81e84ec45cd9bcc87b41253342ed688eee6d9139b31b44002',
      'STM_RSA_06I.pem': '9343d2d7f3c8708526e6f224563bebda23f534c518f2a1a421ebcce01557247c',
      'STM_RSA_07I.pem': '19bbcef93fc0877ae66eba97ade4e15c3d77054f39cd1183486f12b8fa5c42b2',
      'STM_RSA_RT.pem': 'f8e37a86b689a20a6cc0c40cc3f81fb130fa9f44ce7ffa60d62590aaf87273a9',
    },
  },
  ALIYUN: {
    name: 'vTPM of Alibaba Cloud',
    kind: 'virtual',
    anchors: ['Alibaba_Cloud_vTPM_EK.pem'], // its root is not published with it
    files: {
      'Alibaba_Cloud_vTPM_EK.pem': '141805f04cd9b89bfbcd30cb792d5ca3a0a2382db6ee35720e6e27e4189e43a0',
    },
  },
};

/** Makers of what sits in a machine: their word is enough unless an operator says otherwise. A cloud has to be named. */
export const hardwareVendors: readonly string[] = Object.keys(vendors).filter((id) => vendors[id]?.kind === 'hardware');

/**
 * @param ids keys of `vendors`
 * @param folder where the files are
 * @throws AssayError `config-value` for an id that is none, `trust-store-vendor` when a file is not what it was
 */
export function vendorCas(ids: readonly string[], folder = join(import.meta.dirname, 'vendors')): CaFile[] {
  return ids.flatMap((id) => {
    const vendor = Object.hasOwn(vendors, id) ? vendors[id] : undefined;
    if (!vendor)
      throw new AssayError('config-value', '[attestation_server] ek_vendors', Object.keys(vendors).join(', '), id);
    return Object.entries(vendor.files).map(([name, sha256]) => {
      const file = join(folder, name);
      const text = readFileSync(file, 'latin1');
      const body = /-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/.exec(text)?.[1] ?? '';
      const found = createHash('sha256').update(Buffer.from(body, 'base64')).digest('hex');
      if (found !== sha256)
        throw new AssayError('trust-store-vendor', file, `the certificate with SHA-256 ${sha256}`, found);
      return { file, text, kind: vendor.kind, anchor: vendor.anchors.includes(name) };
    });
  });
}
