/** A login that lasts: its token is renewed, or another one asked for, before it ends. */
import type { Host } from "../../../graph/component.ts";
import { type Auth, login, renew, type VaultToken } from "./auth.ts";
import { type VaultClient, VaultError } from "./client.ts";

export interface VaultSession {
  /** Logs in where there is no token yet; renews one of which two thirds are over, or logs in again. */
  keepAlive(): Promise<void>;
  /** Works with the token; where Vault does not take it any more, once again with another. */
  use<T>(work: (token: string) => Promise<T>): Promise<T>;
  /** How often the token wants to be kept alive; 0: not at all. */
  readonly periodMs: number;
}

export interface SessionOptions {
  readonly auth: Auth;
  readonly client: VaultClient;
  readonly host: Host;
}

interface Held extends VaultToken {
  readonly since: number;
}

/** Makes a session; nothing is sent before its first use. */
export function vaultSession({ auth, client, host }: SessionOptions): VaultSession {
  let held: Held | undefined;
  const logIn = async () => {
    const since = host.clock();
    held = { ...(await login(auth, client, host)), since };
    return held;
  };
  const prolong = async (old: Held) => {
    const since = host.clock();
    const renewed = old.renewable ? await renew(old, client) : undefined;
    if (renewed) held = { ...renewed, since };
    else await logIn();
  };
  return {
    get periodMs() {
      return held?.renewable ? period(held) : 0;
    },
    async keepAlive() {
      if (!held) await logIn();
      else if (held.lifeMs > 0 && host.clock() - held.since >= period(held)) await prolong(held);
    },
    async use(work) {
      const before = held;
      const { token } = before ?? (await logIn());
      try {
        return await work(token);
      } catch (error) {
        if (!before || auth.kind === "token" || !(error instanceof VaultError && error.status === 403)) throw error;
        return work((await logIn()).token); // it may have been revoked
      }
    },
  };
}

const period = ({ lifeMs }: VaultToken): number => (lifeMs * 2) / 3;
