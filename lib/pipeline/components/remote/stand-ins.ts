/**
 * Values where nobody may read the real ones: `amalgam graph` and the synthesis of a stack look at a configuration with neither
 * the network nor the permissions of the function. Where the host is offline, value sources export these.
 */
import { Secret } from "../../eval/value.ts";

/** Passes for a URL, a certificate and a key, since components check those when they load. */
export const standInText =
  "https://unresolved.invalid/#-----BEGIN CERTIFICATE----------END CERTIFICATE----------BEGIN PRIVATE KEY-----";

/** Fields of a secret of which nothing is known: whatever is asked for is there. */
export class StandInFields extends Map<string, Secret> {
  override get(_name: string): Secret {
    return new Secret(standInText);
  }
  override has(_name: string): boolean {
    return true;
  }
}
