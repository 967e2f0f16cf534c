/**
 * Where data goes that a backend will never take, with the reason, so that it can be looked at and sent again.
 *
 *     await host.deadLetters.put({ component: host.id, destination: url, reason: error.message, status: 400, time: now,
 *       format: "loki", contentType: "application/x-protobuf", body, metadata: { key: tenant } });
 */

export interface DeadLetter {
  /** The component's id: `loki.write.out`. */
  readonly component: string;
  /** Where it was to go, without credentials. */
  readonly destination: string;
  readonly reason: string;
  readonly status?: number | undefined;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** How often it was sent, as far as that is known. */
  readonly attempts?: number | undefined;
  /** Names the text of the configuration that sent it, as `configurationHash` does. */
  readonly configuration?: string | undefined;
  /** What the body is; letters of old versions do not say it. */
  readonly format?: LetterFormat | undefined;
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly metadata: Readonly<Record<string, string>>;
}

export type LetterFormat =
  | "loki"
  | "remote_write_v1"
  | "remote_write_v2"
  | "otlp_logs"
  | "otlp_metrics"
  | "otlp_traces"
  | `otlp_${"logs" | "metrics" | "traces"}_json`
  /** An event of Lambda with one record, which nothing took. */
  | "aws_event";

/** What a component needs of a store. */
export interface DeadLetterSink {
  /** Resolves when the letter is stored for good. */
  put(letter: DeadLetter): Promise<void>;
}

export interface DeadLetterStore extends DeadLetterSink {
  /** Ids, the oldest first. */
  list(options?: { readonly limit?: number }): Promise<readonly string[]>;
  get(id: string): Promise<DeadLetter | undefined>;
  /** Resolves when there is no such letter any more. */
  delete(id: string): Promise<void>;
}

/** A letter as it is kept; one that can't be read says why. */
export type StoredLetter = {
  readonly id: string;
  /** As it is stored. */
  readonly bytes: number;
} & ({ readonly letter: DeadLetter } | { readonly letter?: undefined; readonly problem: string });

/** Milliseconds since the epoch: letters from then on, and before then. */
export interface LetterTimes {
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

/** Letters that a backend took: `sent` ones are to be deleted, `kept` ones stay. */
export interface Mark {
  readonly name: string;
  readonly kind: "sent" | "kept";
  readonly ids: readonly string[];
}

/** A store that people look into and replay from. */
export interface LetterBox extends DeadLetterStore {
  /** Whether `letters` gives all that there are; of a queue others may have some. */
  readonly complete: boolean;
  /** The oldest first, as far as the store knows an order. Letters may be deleted and replaced meanwhile. */
  letters(times?: LetterTimes): AsyncIterable<StoredLetter>;
  /** About how many those are. */
  count(times?: LetterTimes): Promise<number>;
  /** Puts a letter in the place of one of the same id. */
  replace(id: string, letter: DeadLetter): Promise<void>;
  /** Remembers letters that were taken, in one step; resolves to the mark's name when it would survive a crash. */
  mark(kind: Mark["kind"], ids: readonly string[]): Promise<string>;
  marks(): Promise<readonly Mark[]>;
  unmark(name: string): Promise<void>;
  /** Gives back what is only borrowed, and ends connections. */
  close(): Promise<void>;
}

/** The same store, where letters name the configuration that they come from. */
export const withConfiguration = (store: DeadLetterSink, configuration: string): DeadLetterSink => ({
  put: letter => store.put({ configuration, ...letter }),
});

/** A short name of texts in their order, which another text does not have. */
export function configurationHash(texts: readonly string[]): string {
  const hash = process.getBuiltinModule("node:crypto").createHash("sha256");
  return hash.update(JSON.stringify(texts)).digest("hex").slice(0, 12);
}

/** Keeps letters in memory, for tests and dry runs. */
export function memoryDeadLetters(): DeadLetterStore & { readonly letters: readonly DeadLetter[] } {
  return new MemoryDeadLetters();
}

class MemoryDeadLetters implements DeadLetterStore {
  readonly #letters = new Map<string, DeadLetter>();
  #count = 0;

  get letters(): readonly DeadLetter[] {
    return [...this.#letters.values()];
  }

  async put(letter: DeadLetter): Promise<void> {
    this.#letters.set(`${letter.time}-${this.#count++}`, { ...letter, body: new Uint8Array(letter.body) });
  }

  async list({ limit }: { readonly limit?: number } = {}): Promise<readonly string[]> {
    return [...this.#letters.keys()].slice(0, limit);
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    return this.#letters.get(id);
  }

  async delete(id: string): Promise<void> {
    this.#letters.delete(id);
  }
}
