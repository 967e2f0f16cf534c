/** What tests need of the package, which comes without types. */
declare module "dynalite" {
  import type { Server } from "node:http";
  /** An emulator of DynamoDB that keeps everything in memory. */
  export default function dynalite(options?: { readonly createTableMs?: number }): Server;
}
