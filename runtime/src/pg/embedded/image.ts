/**
 * The image of an empty cluster: what initdb makes, kept between runs in the user's cache folder, so
 * that it is made once for each version. Losing it costs half a second; nothing here ever fails.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chownSync, copyFileSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { RunAs } from './binaries.ts';
import { isAlive } from './processes.ts';

const DAY_MS = 86_400_000;
/** An image of a version that nobody has used for so long is not missed. */
const KEPT_DAYS = 30;

/** One image, there or not. */
export class Image {
  readonly #cache = cacheFolder();
  readonly #name: string;

  /** @param identity all that it depends on, beside the machine and its time zone */
  constructor(identity: readonly string[]) {
    // initdb writes the time zone into the configuration.
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const all = [process.platform, process.arch, process.env.TZ, zone, ...identity];
    const hash = createHash('sha256').update(JSON.stringify(all)).digest('hex');
    this.#name = `cluster-${hash.slice(0, 16)}`;
  }

  get #folder(): string {
    return join(this.#cache, this.#name);
  }

  /** Fills an empty folder. False when there is no whole image; then the folder may hold anything. */
  async restore(data: string, owner: RunAs): Promise<boolean> {
    const isWhole = await this.#copyTo(data, owner).catch(() => false);
    if (!isWhole) await this.remove();
    return isWhole;
  }

  async #copyTo(data: string, owner: RunAs): Promise<boolean> {
    const expected = await readFile(join(this.#folder, CONTENTS), 'utf8');
    const copied = copyFolder(join(this.#folder, CLUSTER), data, owner);
    await utimes(this.#folder, new Date(), new Date());
    return expected === JSON.stringify(copied);
  }

  /** Keeps a copy of this cluster, in which no server has run. */
  async keep(data: string): Promise<void> {
    const building = join(
      this.#cache,
      `${BUILDING}${process.pid}-${randomBytes(4).toString('hex')}`,
    );
    try {
      await mkdir(building, { mode: 0o700, recursive: true });
      const copied = copyFolder(data, join(building, CLUSTER), undefined);
      await writeFile(join(building, CONTENTS), JSON.stringify(copied));
      // Whoever looks finds all of it or nothing.
      await rename(building, this.#folder);
    } catch {
      // A full disk, a home that cannot be written to, or another server's keeper was faster.
    }
    await this.#tidy().catch(() => undefined);
    await rm(building, { recursive: true, force: true }).catch(() => undefined);
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true }).catch(() => undefined);
  }

  /** Removes what killed keepers were building, and images of versions that were left behind. */
  async #tidy(): Promise<void> {
    for (const name of await readdir(this.#cache)) {
      const folder = join(this.#cache, name);
      const builder = Number(new RegExp(`^${BUILDING}(\\d+)-`).exec(name)?.[1] ?? 0);
      const { mtimeMs } = await stat(folder);
      const isOld = name.startsWith('cluster-') && mtimeMs < Date.now() - KEPT_DAYS * DAY_MS;
      if (isOld || (builder && !isAlive(builder))) await rm(folder, { recursive: true });
    }
  }
}

/** In the folder of an image. */
const CLUSTER = 'cluster';
const CONTENTS = 'contents.json';
/** Begins the name of a folder that is about to be an image; the number of its builder follows. */
const BUILDING = 'building-';

/** Where this user's programs keep what can be made again. */
function cacheFolder(): string {
  const { XDG_CACHE_HOME: xdg = '', LOCALAPPDATA: local } = process.env;
  const home = homedir();
  if (process.platform === 'win32') return join(local ?? home, 'savepoint', 'cache');
  if (process.platform === 'darwin') return join(home, 'Library', 'Caches', 'savepoint');
  return join(isAbsolute(xdg) ? xdg : join(home, '.cache'), 'savepoint');
}

interface Contents {
  readonly files: number;
  readonly bytes: number;
}

/** A thousand small files: done at one go, it takes a third of the time. */
function copyFolder(from: string, to: string, owner: RunAs): Contents {
  const own = (path: string) => {
    if (owner) chownSync(path, owner.uid, owner.gid);
  };
  mkdirSync(to, { mode: 0o700, recursive: true });
  own(to);
  let [files, bytes] = [0, 0];
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      const inner = copyFolder(source, target, owner);
      files += inner.files;
      bytes += inner.bytes;
    } else {
      copyFileSync(source, target);
      own(target);
      files += 1;
      bytes += statSync(target).size;
    }
  }
  return { files, bytes };
}
