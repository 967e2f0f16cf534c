/** How large a bundle is, and of what: each component, and what components share. */
import path from "node:path";
import type { Metafile } from "esbuild";

/** Bytes of one part of a bundle. */
export interface PartSize {
  /** A component, a package, or a part of the library. */
  readonly name: string;
  readonly bytes: number;
}

const programFiles = new Set(["index.mjs", "later.cjs"]);

/** Sizes by name, the largest first; all of them together are the files. */
export function sizesOf(
  metafile: Metafile,
  { components, outputs }: { readonly components: readonly string[]; readonly outputs: ReadonlyMap<string, string> },
): PartSize[] {
  const sizes = new Map<string, number>();
  for (const { inputs } of Object.values(metafile.outputs))
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const name = partOf(file, components);
      if (bytesInOutput) sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput);
    }
  for (const [file, code] of outputs) if (!programFiles.has(file)) sizes.set(file, Buffer.byteLength(code)); // beside the program, read when it is needed
  const bytes = [...outputs.values()].reduce((sum, code) => sum + Buffer.byteLength(code), 0);
  const known = [...sizes.values()].reduce((sum, each) => sum + each, 0);
  const rest = bytes - known; // what holds the modules together; less than nothing where esbuild shortens once more
  return [...sizes, ["the rest", rest] as const]
    .map(([name, each]) => ({ name, bytes: each }))
    .sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
}

const rooms: Readonly<Record<string, string>> = {
  syntax: "language",
  eval: "language",
  graph: "graph",
  components: "shared by components",
};

/** The library's own files where it is installed as a package. */
const inPackage = /node_modules\/amalgam\/dist\/(lib\/pipeline|functions)\//;

/** What a file belongs to. */
export function partOf(file: string, components: readonly string[]): string {
  const module = file.replace(/^[\w-]+:(?=[./\w])/, "");
  if (file.includes(":entry")) return "configuration";
  const at = file.lastIndexOf("node_modules/");
  if (at >= 0 && !inPackage.test(file)) return packageOf(file.slice(at + "node_modules/".length));
  const parts = module
    .replace(/\.[cm]?[jt]s$/, "")
    .split(path.posix.sep)
    .filter(part => part !== ".");
  const start = parts.indexOf("lib");
  if (start < 0) return parts.includes("functions") ? "triggers" : "Node's modules";
  const [, , room = "", ...names] = parts.slice(start);
  if (room === "telemetry") return `telemetry: ${names[0]}`;
  if (room !== "components") return rooms[room] ?? room;
  const own = components.filter(name => isAbove(name.split("."), names)).sort((a, b) => b.length - a.length);
  return own[0] ?? "shared by components";
}

const isAbove = (component: readonly string[], names: readonly string[]): boolean =>
  component.every((part, i) => part === names[i]);

const packageOf = (file: string): string =>
  file
    .split("/")
    .slice(0, file.startsWith("@") ? 2 : 1)
    .join("/");
