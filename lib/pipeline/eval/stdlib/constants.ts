/** `constants`: the machine, in Go's words. */
import { hostname } from "node:os";
import { namespace } from "./define.ts";

const systems: Readonly<Record<string, string>> = { win32: "windows", sunos: "solaris" };
const processors: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", ppc64: "ppc64le" };

export const constants = namespace({
  hostname: hostname(),
  os: systems[process.platform] ?? process.platform,
  arch: processors[process.arch] ?? process.arch,
  version: "v1.18.0", // the Alloy whose language this is
});
