/** Token buckets as Go's `rate.Limiter` fills and empties them, by the value of a label or one for all. */

export interface BucketOptions {
  /** Tokens a second. */
  readonly rate: number;
  /** Tokens at once at most. */
  readonly burst: number;
  /** Buckets that are held at least; those used longest ago go first. */
  readonly capacity: number;
}

export class Bucket {
  /** Below zero: taken in advance by those who wait. */
  tokens: number;
  /** Milliseconds since the epoch at which it had these tokens. */
  at: number;
  /** Tokens that were taken since the state store was last told. */
  untold = 0;

  constructor(tokens: number, at: number) {
    this.tokens = tokens;
    this.at = at;
  }
}

export class TokenBuckets {
  readonly options: BucketOptions;
  /** Two generations: a full young one becomes the old one, and what the old one held and nobody asked for is gone. */
  #young = new Map<string, Bucket>();
  #old = new Map<string, Bucket>();

  constructor(options: BucketOptions) {
    this.options = options;
  }

  get(key: string, now: number): Bucket {
    const young = this.#young.get(key);
    if (young) return young;
    const bucket = this.#old.get(key) ?? new Bucket(this.options.burst, now);
    this.set(key, bucket);
    return bucket;
  }

  set(key: string, bucket: Bucket): void {
    this.#young.set(key, bucket);
    if (this.#young.size < this.options.capacity) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  /** Each bucket once. */
  entries(): Map<string, Bucket> {
    return new Map([...this.#old, ...this.#young]);
  }

  clear(): void {
    this.#young = new Map();
    this.#old = new Map();
  }

  /** What a bucket with these tokens holds later. */
  filled(tokens: number, at: number, now: number): number {
    const { rate, burst } = this.options;
    return Math.min(burst, tokens + (Math.max(0, now - at) / 1000) * rate);
  }

  /** Takes one token if there is one. */
  take(bucket: Bucket, now: number): boolean {
    const tokens = this.filled(bucket.tokens, bucket.at, now) - 1;
    if (this.#wait(tokens) > 0) return false;
    this.#keep(bucket, tokens, now);
    return true;
  }

  /** Takes one token, also one that is not there yet, and says in how many milliseconds it will be. */
  reserve(bucket: Bucket, now: number): number {
    const tokens = this.filled(bucket.tokens, bucket.at, now) - 1;
    this.#keep(bucket, tokens, now);
    return this.#wait(tokens);
  }

  #keep(bucket: Bucket, tokens: number, now: number): void {
    bucket.tokens = tokens;
    bucket.at = now;
    bucket.untold++;
  }

  /** Less than a nanosecond is no wait, as durations are whole there. */
  #wait(tokens: number): number {
    return tokens < 0 ? Math.trunc((-tokens / this.options.rate) * 1e9) / 1e6 : 0;
  }
}

/** Puts tokens back that were taken for nothing. */
export function giveBack(bucket: Bucket, tokens: number): void {
  bucket.tokens += tokens;
  bucket.untold -= tokens;
}
