/** What backends answer in their own words, and what it means for the data: to come again, to be cut, or to be a dead letter with this reason. */
import { expect, test } from "vitest";
import { type Backend, refusal } from "./classify.ts";
import type { FailureKind } from "./errors.ts";

const row = (it: string, backend: Backend, status: number, kind: FailureKind, text: string) => ({ it, backend, status, kind, text }); // biome-ignore format: one row

test.for([
  row("Loki: a line that is too long", "loki", 400, "reject", "Max entry size '262144' bytes exceeded for stream '{job=\"s3\"}' while adding an entry with length '300000' bytes"),
  row("Loki: an entry behind what is in order", "loki", 400, "reject", "entry with timestamp 2026-11-21 17:00:00 +0000 UTC ignored, reason: 'entry too far behind, entry timestamp is: 2026-11-21T17:00:00Z, oldest acceptable timestamp is: 2026-11-21T18:00:00Z',"),
  row("Loki: an entry that is too old", "loki", 400, "reject", "entry for stream '{job=\"s3\"}' has timestamp too old: 2026-01-01T00:00:00Z, oldest acceptable timestamp is: 2026-11-14T18:00:00Z"),
  row("Loki: an entry of the future", "loki", 400, "reject", "entry for stream '{job=\"s3\"}' has timestamp too new: 2027-01-01T00:00:00Z"),
  row("Loki: a stream without labels", "loki", 400, "reject", "error at least one label pair is required per stream"),
  row("Loki: too many labels", "loki", 400, "reject", "entry for stream '{a=\"b\"}' has 17 label names; limit 15"),
  row("Loki: no tenant", "loki", 401, "reject", "no org id"),
  row("Loki: too much a second", "loki", 429, "retry", "Ingestion rate limit exceeded for user fake (limit: 4194304 bytes/sec) while attempting to ingest '10' lines totaling '5000000' bytes, reduce log volume or contact your Loki administrator to see if the limit can be increased"),
  row("Loki: too many streams", "loki", 429, "retry", "Maximum active stream limit exceeded when trying to create stream {job=\"s3\"}, reduce the number of active streams (reduce labels or reduce label values), user: 'fake'"),
  row("Loki: a stream that is too fast", "loki", 429, "retry", "Per stream rate limit exceeded (limit: 3MB/sec) while attempting to ingest for stream '{job=\"s3\"}' totaling 4MB"),
  row("Loki: no ingesters", "loki", 500, "retry", "empty ring"),
  row("Loki: a request that is too large", "loki", 413, "split", "request body too large"),
  row("a proxy before Loki", "loki", 502, "retry", "<html>"),
  row("Mimir: a sample behind another", "remote_write", 400, "reject", "user=anonymous: the sample has been rejected because another sample with a more recent timestamp has already been ingested and out-of-order samples are not allowed (err-mimir-sample-out-of-order)."),
  row("Mimir: another value at the same time", "remote_write", 400, "reject", "failed pushing to ingester mimir-1: user=anonymous: the sample has been rejected because another sample with the same timestamp, but a different value, has already been ingested (err-mimir-sample-duplicate-timestamp)."),
  row("Mimir: too many requests", "remote_write", 429, "retry", "the request has been rejected because the tenant exceeded the request rate limit, set to 1 requests/s across all distributors with a maximum allowed burst of 1 (err-mimir-tenant-max-request-rate)."),
  row("Mimir: too many series", "remote_write", 400, "reject", "failed pushing to ingester: user=anonymous: per-user series limit of 150000 exceeded (err-mimir-max-series-per-user)."),
  row("Prometheus: a sample that is out of bounds", "remote_write", 400, "reject", "out of bounds"),
  row("Prometheus without a receiver for remote write", "remote_write", 404, "reject", "remote write receiver needs to be enabled with --web.enable-remote-write-receiver"),
  row("Tempo: too much a second", "otlp", 429, "retry", "RATE_LIMITED: ingestion rate limit (local: 15000000 bytes, global: 0 bytes) exceeded while adding 16000000 bytes for user single-tenant. consider increasing the limit or reducing ingestion rate"),
  row("the Collector: a queue that is full", "otlp", 503, "retry", "sending queue is full"),
  row("the Collector: a bug, which OTLP does not let a client try again", "otlp", 500, "reject", "internal error"),
  row("nginx before the Collector: a request that is too large", "otlp", 413, "split", "<html>"),
])("$it", ({ backend, status, kind, text }) => {
  const error = refusal(backend, { status, headers: { "content-type": "text/plain; charset=utf-8" }, body: Buffer.from(`${text}\n`) });
  expect({ kind: error.kind, status: error.status, message: error.message }).toEqual({
    kind,
    status,
    message: `push refused, got status ${status}: ${text}`,
  });
}); // biome-ignore format: a row is one line
