// `assay reference import…`: known good before any host runs it, from packages, files, lists and folders.
import { type Command, Option } from 'commander';
import type { Said } from '../known-good/options.ts';
import { type AccessOptions, withAccess } from '../operator/access.ts';
import { type ChangeOptions, withChange } from '../operator/change.ts';
import type { ImportKind } from '../operator/import-values.ts';
import { type WindowOptions, windowOf, withWindow } from '../operator/update-window.ts';

type Options = AccessOptions & ChangeOptions & WindowOptions & Said;
type FromFiles = Options & { claim?: string; kind?: ImportKind };
type FromPackage = Options & { files?: false; filesOnly?: true; everyFile?: true };

export function referenceImport(group: Command): void {
  const add = (usage: string, description: string) =>
    withWindow(withChange(withAccess(group.command(usage).description(description))))
      .option(
        '--component <name>',
        'what it is of: firmware, boot_loader, hypervisor, operating_system, an extra of a policy (else by its kind)',
      )
      .option('--vendor <vendor>', 'who made it')
      .option('--name <name>', 'of what is imported')
      .option('--version <version>', 'of what is imported');

  add(
    'import <files...>',
    'kernels, initrds, EFI applications, lists of digests, exports; of a folder what boots; - is a list on standard input',
  )
    .addOption(new Option('--kind <kind>', 'not told by content').choices(['file', 'list', 'package', 'export']))
    .option('--claim <claim>', 'what it is measured as: kernel image, initrd file, …')
    .addHelpText(
      'after',
      `
Each file is told by its content. Of a folder, and of all folders in it, kernels,
hypervisors and EFI applications are taken by their content, initrds by their
content and a name with initrd or initramfs in it; what is left out is told with
the reason. Links are not followed. A list or an export is taken only when it is
named itself; packages by import-package, all files of a folder by import-tree.`,
    )
    .action(async (files: string[], options: FromFiles) => {
      const { importValues } = await import('../operator/import.ts');
      const { kind, claim } = options;
      await importValues(files, { ...saidOf(options), kind, claim }, options, windowOf(options, new Date()));
    });
  add('import-package <files...>', 'a Debian or RPM package before it is installed: kernel, boot loader, files')
    .option('--no-files', 'no allow list of its files, only what a boot measures')
    .option('--files-only', 'only the allow list')
    .option('--every-file', 'of its files all, not only those that are run or loaded')
    .action(async (packages: string[], options: FromPackage) => {
      const { importValues } = await import('../operator/import.ts');
      const { files, filesOnly, everyFile } = options;
      const from = { ...saidOf(options), kind: 'package' as const, files, filesOnly, everyFile };
      await importValues(packages, from, options, windowOf(options, new Date()));
    });
  add('import-tree <folder>', 'an allow list for IMA: each file of this folder')
    .option('--root <folder>', 'what is / on the hosts, where the folder is a copy')
    .action(async (folder: string, options: Options & { root?: string }) => {
      const { importTree } = await import('../operator/import.ts');
      await importTree(folder, { ...saidOf(options), root: options.root }, options, windowOf(options, new Date()));
    });
}

/** Of all that was given on the command line, what is said of the values themselves. */
const saidOf = ({ component, vendor, name, version }: Said): Said => ({ component, vendor, name, version });
