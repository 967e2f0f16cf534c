/** The texts of a module on disk, with messages in Go's words about the names that the user gave. */
import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import path from "node:path";
import { messageOf } from "../../delivery/errors.ts";
import type { ModuleContent } from "../../graph/module-content.ts";

export interface ModuleFiles {
  readonly files: ModuleContent["files"];
  /** The folder of the file, or the folder itself. */
  readonly folder: string;
}

export interface ReadOptions {
  /** How the user calls the file or folder. */
  readonly name: string;
  /** What stands before that in the names of the texts. */
  readonly place?: string;
  /** A folder that links must not lead out of. */
  readonly within?: string;
}

/** Reads a file, or of a folder the `.alloy` files in it, but none below. */
export function readModule(file: string, { name, place = "", within }: ReadOptions): ModuleFiles {
  const stat = told("stat", name, () => statSync(file));
  const read = (from: string, called: string) => {
    if (within !== undefined && leadsOut(within, from)) throw new Error(`${called} leads out of the repository`);
    return { name: place + called, text: told("open", called, () => readFileSync(from, "utf8")) };
  };
  if (!stat.isDirectory()) return { files: [read(file, name)], folder: path.dirname(file) };
  const entries = told("open", name, () => readdirSync(file, { withFileTypes: true }))
    .filter(entry => !entry.isDirectory() && entry.name.endsWith(".alloy"))
    .map(entry => entry.name)
    .sort(byBytes);
  return { files: entries.map(entry => read(path.join(file, entry), path.join(name, entry))), folder: file };
}

const leadsOut = (folder: string, file: string): boolean =>
  /^\.\.(\/|$)/.test(path.relative(realpathSync(folder), realpathSync(file)));

/** As Go lists a folder. */
const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** `ENOENT: no such file or directory, stat '/x'` becomes `stat x: no such file or directory`. */
function told<T>(operation: string, name: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const [, reason = messageOf(cause)] = /^E\w+: (.*?)(?:, \w+.*)?$/s.exec(messageOf(cause)) ?? [];
    throw new Error(`${operation} ${name}: ${reason}`, { cause });
  }
}
