/** Sends samples to Prometheus, Mimir, or anything that takes Prometheus' remote write. */
import { awsCredentials } from "../../delivery/aws-credentials.ts";
import { endpointOf } from "../../delivery/aws-endpoints.ts";
import type { DeadLetter } from "../../delivery/dead-letters.ts";
import type { Authorize } from "../../delivery/http.ts";
import { remoteWritePolicy } from "../../delivery/retry.ts";
import { sigv4Authorizer } from "../../delivery/sigv4.ts";
import {
  block,
  blocks,
  defaultBlock,
  type Infer,
  object,
  optional,
  refusedBlock,
  required,
} from "../../eval/schema.ts";
import { bool, duration, int, map, oneOf, secret, string } from "../../eval/types.ts";
import { defineComponent, type Host, type Problem } from "../../graph/component.ts";
import { fanOut } from "../../graph/gate.ts";
import type { Invocation } from "../../graph/invocation.ts";
import { metrics } from "../../graph/kinds.ts";
import { receiver } from "../../graph/receiver.ts";
import { cachedRelabel, compileRules } from "../../relabel/relabel.ts";
import { type Labels, labelsFromMap, labelsToMap } from "../../telemetry/labels.ts";
import { type MetricBatch, type Sample, withLabels } from "../../telemetry/prometheus/model.ts";
import { encodeCompressedWrite } from "../../telemetry/prometheus/prepared-write.ts";
import type { WriteOptions } from "../../telemetry/prometheus/remote-write.ts";
import { clientProblems, endpointClient, httpClientFields } from "../http-client.ts";
import { relabelRule, ruleProblems } from "../relabel-rule.ts";
import { replayTo } from "../replay.ts";
import { createWriter, withoutCredentials } from "../writer.ts";
import { ExemplarFilter } from "./exemplars.ts";
import { readSamples } from "./replay.ts";

const azureOauth = object({
  client_id: required(string, "Client id."),
  client_secret: required(secret, "Client secret."),
  tenant_id: required(string, "Tenant."),
});

const azuread = object({
  managed_identity: block(object({ client_id: required(string, "Client id.") }), "A managed identity."),
  workload_identity: block(
    object({
      client_id: required(string, "Client id."),
      tenant_id: required(string, "Tenant."),
      token_file_path: optional(string, undefined, "File with the token."),
    }),
    "A workload identity.",
  ),
  oauth: block(azureOauth, "Client credentials."),
  sdk: block(object({ tenant_id: required(string, "Tenant.") }), "Azure's default chain."),
  cloud: optional(string, "AzurePublic", "Which cloud."),
  scope: optional(string, undefined, "Scope of the token."),
});

const sigv4 = object({
  region: optional(string, undefined, "Region; AWS_REGION where unset."),
  access_key: optional(string, undefined, "Access key; the environment's credentials where unset."),
  secret_key: optional(secret, undefined, "Secret key."),
  profile: optional(string, undefined, "Profile of the shared credentials file."),
  role_arn: optional(string, undefined, "Role to assume."),
  external_id: optional(string, undefined, "External id of the role."),
  use_fips_sts_endpoint: optional(bool, false, "Asks STS at its FIPS endpoint."),
  service_name: optional(string, undefined, "Service that the signature is for; that of the host where unset."),
});

const endpoint = object({
  name: optional(string, undefined, "Names the endpoint in metrics."),
  url: required(string, "Where to write to, with its path."),
  remote_timeout: optional(duration, "30s", "Time for one request."),
  headers: optional(map(string), undefined, "Headers of each request."),
  send_exemplars: optional(bool, true, "Sends exemplars."),
  send_native_histograms: optional(bool, false, "Sends native histograms."),
  protobuf_message: optional(
    oneOf("protobuf message", ["prometheus.WriteRequest", "io.prometheus.write.v2.Request"]),
    "prometheus.WriteRequest",
    "Version 1 or 2 of remote write.",
  ),
  ...httpClientFields,
  enable_http2: optional(bool, false, "Accepted; HTTP/1.1 is spoken."),
  queue_config: defaultBlock(
    object({
      capacity: optional(
        int,
        10_000,
        "Accepted; samples are acknowledged when the backend has them, there is no queue.",
      ),
      max_shards: optional(int, 50, "Accepted; requests are sent one after the other, to keep the order of samples."),
      min_shards: optional(int, 1, "Accepted; see `max_shards`."),
      max_samples_per_send: optional(int, 2000, "Most samples in a request."),
      batch_send_deadline: optional(duration, "5s", "Accepted; samples wait only while a request is under way."),
      min_backoff: optional(duration, "30ms", "Shortest wait before a request is tried again."),
      max_backoff: optional(duration, "5s", "Longest wait before a request is tried again."),
      retry_on_http_429: optional(bool, true, "Tries again where the backend limits the rate."),
      sample_age_limit: optional(duration, "0s", "Drops samples that are older; 0 keeps all."),
    }),
    "How requests are sent.",
  ),
  metadata_config: block(
    object({
      send: optional(
        bool,
        true,
        "Accepted; version 1 sends no metadata, as in Alloy, version 2 sends it with each series.",
      ),
      send_interval: optional(duration, "1m", "Accepted; metadata has no requests of its own."),
      max_samples_per_send: optional(int, 2000, "Accepted; metadata has no requests of its own."),
    }),
    "When metadata is sent.",
  ),
  write_relabel_config: blocks(relabelRule, "Rules for the labels of each sample, after the external labels."),
  sigv4: block(sigv4, "Signs requests for AWS."),
  azuread: refusedBlock(azuread, "is not supported yet", "Tokens of Azure's Entra ID."),
  google_iam: refusedBlock(
    object({ credentials_file: optional(string, undefined, "File with the credentials.") }),
    "is not supported yet",
    "Tokens of Google Cloud.",
  ),
  round_robin_dns: optional(bool, false, "Accepted; each connection resolves the name."),
});

const args = object({
  external_labels: optional(map(string), {}, "Labels of all samples that do not have them."),
  endpoint: blocks(endpoint, "A place to write to; every endpoint gets all samples."),
  wal: block(
    object({
      truncate_frequency: optional(
        duration,
        "2h",
        "Accepted; samples are acknowledged when the backend has them, so there is nothing to log ahead.",
      ),
      min_keepalive_time: optional(duration, "5m", "Accepted; nothing is logged ahead."),
      max_keepalive_time: optional(duration, "8h", "Accepted; nothing is logged ahead."),
    }),
    "The write-ahead log. There is none here.",
  ),
});
type Args = Infer<typeof args>;
type Endpoint = Infer<typeof endpoint>;

export const prometheusRemoteWrite = defineComponent({
  name: "prometheus.remote_write",
  summary: "Sends samples to Prometheus, Mimir, or anything that takes Prometheus' remote write.",
  stability: "generally-available",
  inFunctions: "The invocation ends when the backend has the samples.",
  args,
  exports: object({ receiver: required(receiver(metrics), "Takes the samples to send.") }),
  *check(args): Iterable<Problem> {
    for (const [i, each] of args.endpoint.entries()) {
      if (!URL.canParse(each.url))
        yield { path: ["endpoint", i, "url"], message: `url should be a URL, got ${JSON.stringify(each.url)}` };
      yield* clientProblems(each, ["endpoint", i]);
      yield* ruleProblems(each.write_relabel_config, ["endpoint", i, "write_relabel_config"]);
    }
  },
  build(args, host) {
    // Alloy's write-ahead log takes nothing from before its start; a function has no start of that kind
    const since = host.mode === "local" ? host.clock() : Number.NEGATIVE_INFINITY;
    const writers = args.endpoint.map((each, n) => endpointWriter(args, each, host, { since, n }));
    return {
      exports: { receiver: fanOut(writers) },
      replay: letter => replayTo(host.id, writers, letter),
      needs: { state: true }, // what waits is delivered before what comes after it
      close: async () => {
        for (const { close } of writers) close();
      },
    };
  },
});

const versions = { "prometheus.WriteRequest": 1, "io.prometheus.write.v2.Request": 2 } as const;

function endpointWriter(
  { external_labels }: Args,
  args: Endpoint,
  host: Host,
  { since, n }: { readonly since: number; readonly n: number },
) {
  const version = versions[args.protobuf_message];
  const options: WriteOptions = {
    version,
    send_exemplars: args.send_exemplars,
    send_native_histograms: args.send_native_histograms,
  };
  const finish = finalLabels(external_labels, args);
  const exemplars = new ExemplarFilter();
  const ageLimit = args.queue_config.sample_age_limit;
  const destination = withoutCredentials(args.url);
  const writer = createWriter<MetricBatch>(host, {
    destination,
    backend: "remote_write",
    format: version === 1 ? "remote_write_v1" : "remote_write_v2",
    policy: remoteWritePolicy(args.queue_config.min_backoff, args.queue_config.max_backoff),
    client: endpointClient(args, host, n, args.sigv4 && signer(args.sigv4)),
    timeoutMs: args.remote_timeout,
    // sizes are counted in samples
    maxBytes: args.queue_config.max_samples_per_send,
    retryOn429: args.queue_config.retry_on_http_429,
    ordered: true, // samples of a series that are older than others are refused
    split: halves,
    encode: (_, parts) => {
      const samples = parts.length === 1 ? (parts[0] as MetricBatch) : parts.flat(); // the only one
      return {
        url: args.url,
        headers: {
          "content-type":
            version === 1 ? "application/x-protobuf" : `application/x-protobuf;proto=${args.protobuf_message}`,
          "content-encoding": "snappy",
          "x-prometheus-remote-write-version": version === 1 ? "0.1.0" : "2.0.0",
          ...Object.fromEntries(args.headers ?? []),
        },
        body: encodeCompressedWrite(samples, options),
        items: samples.length,
      };
    },
  });
  const send = async (samples: MetricBatch, invocation: Invocation) => {
    const parts = chunks(samples, args.queue_config.max_samples_per_send);
    await Promise.all(parts.map(part => writer.add("", part, part.length, invocation)));
  };
  return {
    destination,
    replay(letter: DeadLetter) {
      const samples = readSamples(letter);
      return { items: samples.length, send: (invocation: Invocation) => send(samples, invocation) };
    },
    async consume(batch: MetricBatch, invocation: Invocation) {
      const oldest = Math.max(since, ageLimit > 0 ? invocation.now - ageLimit : Number.NEGATIVE_INFINITY);
      const finished = finish(batch, oldest);
      const samples = finished.some(sample => sample.exemplars)
        ? finished.map(sample => exemplars.filter(sample))
        : finished;
      await send(samples, invocation);
    },
    close: writer.close,
  };
}

/** Signs with the given keys, or with those that the function or the environment has. */
function signer(args: Infer<typeof sigv4>): Authorize {
  const stsUrl = endpointOf("", "STS");
  const credentials = awsCredentials({
    accessKey: args.access_key,
    secretKey: args.secret_key,
    profile: args.profile,
    roleArn: args.role_arn,
    externalId: args.external_id,
    region: args.region,
    useFipsStsEndpoint: args.use_fips_sts_endpoint,
    ...(stsUrl !== undefined && { stsUrl }),
  });
  return sigv4Authorizer({ region: args.region, service: args.service_name, credentials });
}

/** Samples as they are sent: those that are too old or that a rule drops are gone. Work on labels is remembered by identity. */
function finalLabels(
  external: ReadonlyMap<string, string>,
  { write_relabel_config }: Endpoint,
): (batch: MetricBatch, oldest: number) => MetricBatch {
  const added = [...external].filter(([, value]) => value !== "");
  const rules = write_relabel_config.length ? compileRules(write_relabel_config) : undefined;
  const change = (labels: Labels): Labels | undefined => {
    const joined = added.length ? withExternal(labels, added) : labels;
    return rules ? rules(joined) : joined;
  };
  const finish = cachedRelabel(change);
  const untouched = !added.length && !rules;
  return (batch, oldest) => {
    if (untouched)
      return batch.every(({ timestamp }) => timestamp >= oldest)
        ? batch
        : batch.filter(({ timestamp }) => timestamp >= oldest);
    const samples: Sample[] = [];
    for (const sample of batch) {
      if (sample.timestamp < oldest) continue;
      const labels = finish(sample.labels);
      if (labels) samples.push(labels === sample.labels ? sample : withLabels(sample, labels));
    }
    return samples;
  };
}

/** External labels never replace a label that the series has. */
function withExternal(labels: Labels, external: readonly (readonly [string, string])[]): Labels {
  const own = labelsToMap(labels);
  const missing = external.filter(([name]) => !own.has(name));
  return missing.length ? labelsFromMap(new Map([...own, ...missing])) : labels;
}

function chunks(batch: MetricBatch, size: number): MetricBatch[] {
  if (batch.length <= size || size < 1) return batch.length ? [batch] : [];
  return Array.from({ length: Math.ceil(batch.length / size) }, (_, i) => batch.slice(i * size, (i + 1) * size));
}

const halves = (batch: MetricBatch): readonly MetricBatch[] | undefined =>
  batch.length < 2 ? undefined : chunks(batch, Math.ceil(batch.length / 2));
