/** Every component that is built here, sorted by name. A function's bundle imports only those that its configuration names. */
import type { Definition, Stability } from "../graph/component.ts";
import { alloyComponents } from "./alloy.ts";
import { discoveryRelabel } from "./discovery/relabel.ts";
import { importFile } from "./import/file.ts";
import { importGit } from "./import/git.ts";
import { importHttp } from "./import/http.ts";
import { importString } from "./import/string.ts";
import { localFile } from "./local/file.ts";
import { lokiEcho } from "./loki/echo.ts";
import { lokiProcess } from "./loki/process/process.ts";
import { lokiRelabel } from "./loki/relabel.ts";
import { lokiSourceApi } from "./loki/source/api.ts";
import { lokiSourceAwsfirehose } from "./loki/source/awsfirehose.ts";
import { lokiSourceCloudwatchLogs } from "./loki/source/cloudwatch_logs.ts";
import { lokiSourceEventbridge } from "./loki/source/eventbridge.ts";
import { lokiSourceKafka } from "./loki/source/kafka.ts";
import { lokiSourceKinesis } from "./loki/source/kinesis.ts";
import { lokiSourceS3 } from "./loki/source/s3.ts";
import { lokiSourceSns } from "./loki/source/sns.ts";
import { lokiSourceSqs } from "./loki/source/sqs.ts";
import { lokiWrite } from "./loki/write.ts";
import { otelcolAuthBasic } from "./otelcol/auth/basic.ts";
import { otelcolAuthBearer } from "./otelcol/auth/bearer.ts";
import { otelcolAuthHeaders } from "./otelcol/auth/headers.ts";
import { otelcolExporterDebug } from "./otelcol/exporter/debug.ts";
import { otelcolExporterOtlphttp } from "./otelcol/exporter/otlphttp.ts";
import { otelcolProcessorAttributes } from "./otelcol/processor/attributes.ts";
import { otelcolProcessorBatch } from "./otelcol/processor/batch.ts";
import { otelcolProcessorFilter } from "./otelcol/processor/filter.ts";
import { otelcolProcessorMemoryLimiter } from "./otelcol/processor/memory_limiter.ts";
import { otelcolProcessorProbabilisticSampler } from "./otelcol/processor/probabilistic_sampler.ts";
import { otelcolReceiverAwss3 } from "./otelcol/receiver/awss3.ts";
import { otelcolReceiverKafka } from "./otelcol/receiver/kafka.ts";
import { otelcolReceiverKinesis } from "./otelcol/receiver/kinesis.ts";
import { otelcolReceiverOtlp } from "./otelcol/receiver/otlp.ts";
import { otelcolReceiverSqs } from "./otelcol/receiver/sqs.ts";
import { prometheusEcho } from "./prometheus/echo.ts";
import { prometheusExporterSelf } from "./prometheus/exporter/self.ts";
import { prometheusRelabel } from "./prometheus/relabel.ts";
import { prometheusRemoteWrite } from "./prometheus/remote_write.ts";
import { prometheusScrape } from "./prometheus/scrape.ts";
import { remoteAwsKms } from "./remote/aws/kms.ts";
import { remoteAwsSecretsManager } from "./remote/aws/secrets_manager.ts";
import { remoteAwsSsmParameter } from "./remote/aws/ssm_parameter.ts";
import { remoteAzureKeyVault } from "./remote/azure/key_vault.ts";
import { remoteGcpSecretManager } from "./remote/gcp/secret_manager.ts";
import { remoteHttp } from "./remote/http.ts";
import { remoteS3 } from "./remote/s3.ts";
import { remoteVault } from "./remote/vault.ts";

// each definition has types of its own; together they are only known as definitions
const all = [
  discoveryRelabel,
  localFile,
  lokiEcho,
  lokiProcess,
  lokiRelabel,
  lokiSourceApi,
  lokiSourceAwsfirehose,
  lokiSourceCloudwatchLogs,
  lokiSourceEventbridge,
  lokiSourceKafka,
  lokiSourceKinesis,
  lokiSourceS3,
  lokiSourceSns,
  lokiSourceSqs,
  lokiWrite,
  otelcolAuthBasic,
  otelcolAuthBearer,
  otelcolAuthHeaders,
  otelcolExporterDebug,
  otelcolExporterOtlphttp,
  otelcolProcessorAttributes,
  otelcolProcessorBatch,
  otelcolProcessorFilter,
  otelcolProcessorMemoryLimiter,
  otelcolProcessorProbabilisticSampler,
  otelcolReceiverAwss3,
  otelcolReceiverKafka,
  otelcolReceiverKinesis,
  otelcolReceiverOtlp,
  otelcolReceiverSqs,
  prometheusEcho,
  prometheusExporterSelf,
  prometheusRelabel,
  prometheusRemoteWrite,
  prometheusScrape,
  remoteAwsKms,
  remoteAwsSecretsManager,
  remoteAwsSsmParameter,
  remoteAzureKeyVault,
  remoteGcpSecretManager,
  remoteHttp,
  remoteS3,
  remoteVault,
] as unknown as readonly Definition[];

export const definitions: ReadonlyMap<string, Definition> = new Map(
  all.map(definition => [definition.name, definition]),
);

/** What the import blocks read their modules with; they are no components, the graph asks for them by the name of the block. */
export const importDefinitions: ReadonlyMap<string, Definition> = new Map(
  ([importFile, importGit, importHttp, importString] as unknown as readonly Definition[]).map(definition => [
    definition.name,
    definition,
  ]),
);

/** All that a configuration's blocks may be built with. */
export const blockDefinitions: ReadonlyMap<string, Definition> = new Map([...definitions, ...importDefinitions]);

/** Components of the reference that are not built here yet, with their stability. */
export const knownElsewhere: ReadonlyMap<string, Stability | "community"> = new Map(
  [...alloyComponents].filter(([name]) => !definitions.has(name)),
);
