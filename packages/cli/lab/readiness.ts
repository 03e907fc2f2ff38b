// Does a process take connections on its Unix socket yet? "No" and "not yet" look the same.
import { connectUnix } from '@assay/daemon';

export const connects =
  (path: string): (() => Promise<boolean>) =>
  async () => {
    try {
      (await connectUnix(path)).destroy();
      return true;
    } catch {
      return false;
    }
  };
