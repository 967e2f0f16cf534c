/** A function that takes messages of Kafka, managed by AWS (MSK) or not. */
import { ArnFormat, Duration, Stack } from "aws-cdk-lib";
import type { ISecurityGroup, IVpc, SubnetSelection } from "aws-cdk-lib/aws-ec2";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { type SourceAccessConfiguration, SourceAccessConfigurationType } from "aws-cdk-lib/aws-lambda";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import type { EventSourcePlan } from "../resources.ts";
import { CollectorFunction, type CollectorFunctionProps, positions } from "./collector-function.ts";
import { allowPoller } from "./network.ts";

type Connection = NonNullable<EventSourcePlan["kafka"]>;

/** What a configuration does not know of its brokers. */
export interface KafkaProps {
  /**
   * ARN of the cluster in MSK.
   * @default the brokers are not in MSK
   */
  readonly clusterArn?: string;
  /**
   * User and password, or the client's certificate, as Lambda wants them in a secret.
   * @default none, as MSK needs none where roles may connect
   */
  readonly secret?: ISecret;
  /**
   * The CA certificates of brokers that a public CA does not vouch for.
   * @default none
   */
  readonly rootCaCertificate?: ISecret;
  /**
   * Where brokers outside of MSK are reached.
   * @default over the internet
   */
  readonly network?: {
    readonly vpc: Pick<IVpc, "selectSubnets">;
    readonly subnets: SubnetSelection;
    readonly securityGroup: Pick<ISecurityGroup, "securityGroupId">;
  };
  /**
   * Pollers that are always there, which are billed by the hour. Only they take an answer for a part of a batch, halve a batch that
   * fails, and give up on a record; without them a batch comes again as a whole.
   * @default none
   */
  readonly pollers?: { readonly minimum: number; readonly maximum: number };
}

export interface KafkaFunctionProps extends CollectorFunctionProps {
  readonly kafka: KafkaProps | undefined;
}

export class KafkaFunction extends CollectorFunction {
  constructor(scope: Construct, id: string, { kafka = {}, ...props }: KafkaFunctionProps) {
    const partial = kafka.pollers && { AMALGAM_KAFKA_PARTIAL_FAILURES: "true" };
    super(scope, id, "kafka", { ...props, environment: { ...props.environment, ...partial } });
    for (const source of this.sources) this.#addTopic(source, kafka);
  }

  #addTopic(
    { from: topic, kafka: connection, startAt = "latest", deadLetters }: EventSourcePlan,
    props: KafkaProps,
  ): void {
    const { clusterArn, secret, pollers } = props;
    if (!connection) throw new Error(`the plan should have brokers for the topic ${topic}, got none`);
    if (clusterArn === undefined) checkBrokers(connection, props);
    else this.#permitCluster(clusterArn, topic, connection);
    for (const each of [secret, props.rootCaCertificate]) each?.grantRead(this.function);
    if (clusterArn !== undefined || props.network) allowPoller(this.role);
    const access = accessOf(connection, props);
    this.function.addEventSourceMapping(`Topic ${topic}`, {
      ...(clusterArn === undefined
        ? { kafkaBootstrapServers: [...connection.brokers] }
        : { eventSourceArn: clusterArn }),
      kafkaTopic: topic,
      kafkaConsumerGroupId: connection.groupId,
      startingPosition: positions[startAt],
      ...(access.length && { sourceAccessConfigurations: access }),
      ...(deadLetters !== undefined && { onFailure: { bind: () => ({ destination: this.arnOfQueue(deadLetters) }) } }),
      ...(pollers && {
        provisionedPollerConfig: { minimumPollers: pollers.minimum, maximumPollers: pollers.maximum },
        bisectBatchOnError: true,
        reportBatchItemFailures: true,
        retryAttempts: 10,
        maxRecordAge: Duration.days(1),
      }),
    });
  }

  /** What Lambda's poller needs of the cluster, which works with the function's role. */
  #permitCluster(clusterArn: string, topic: string, { authentication, groupId }: Connection): void {
    const actions = ["kafka:DescribeCluster", "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers"];
    this.function.addToRolePolicy(new PolicyStatement({ actions, resources: [clusterArn] }));
    if (authentication !== "iam") return;
    const stack = Stack.of(this);
    const { resourceName: cluster, ...arn } = stack.splitArn(clusterArn, ArnFormat.SLASH_RESOURCE_NAME);
    const below = (resource: string, name: string) =>
      stack.formatArn({ ...arn, resource, resourceName: `${cluster}/${name}` });
    for (const [resource, names] of [
      [clusterArn, ["Connect"]],
      [below("group", groupId), ["AlterGroup", "DescribeGroup"]],
      [below("topic", topic), ["DescribeTopic", "ReadData"]],
    ] as const)
      this.function.addToRolePolicy(
        new PolicyStatement({ actions: names.map(name => `kafka-cluster:${name}`), resources: [resource] }),
      );
  }
}

function checkBrokers({ authentication }: Connection, { secret, network }: KafkaProps): void {
  if (authentication === "iam") throw new Error("kafka should have clusterArn, since only MSK knows roles, got none");
  if (!secret && !network)
    throw new Error("kafka should have clusterArn, or secret or network for brokers outside of MSK, got none of them");
}

type Access = SourceAccessConfiguration[];

/** How the poller reaches brokers and shows who it is. */
function accessOf({ authentication }: Connection, { secret, rootCaCertificate, network }: KafkaProps): Access {
  const type = methods[authentication] ?? SourceAccessConfigurationType.SASL_SCRAM_512_AUTH;
  const { subnets = [] } = network ? network.vpc.selectSubnets(network.subnets) : {};
  return [
    ...(secret ? [{ type, uri: secret.secretArn }] : []),
    ...(rootCaCertificate
      ? [{ type: SourceAccessConfigurationType.SERVER_ROOT_CA_CERTIFICATE, uri: rootCaCertificate.secretArn }]
      : []),
    ...subnets.map(({ subnetId }) => ({
      type: SourceAccessConfigurationType.VPC_SUBNET,
      uri: `subnet:${subnetId}`,
    })),
    ...(network
      ? [
          {
            type: SourceAccessConfigurationType.VPC_SECURITY_GROUP,
            uri: `security_group:${network.securityGroup.securityGroupId}`,
          },
        ]
      : []),
  ];
}

const methods: Readonly<Partial<Record<Connection["authentication"], SourceAccessConfigurationType>>> = {
  plain: SourceAccessConfigurationType.BASIC_AUTH,
  scram_256: SourceAccessConfigurationType.SASL_SCRAM_256_AUTH,
  scram_512: SourceAccessConfigurationType.SASL_SCRAM_512_AUTH,
  mtls: SourceAccessConfigurationType.CLIENT_CERTIFICATE_TLS_AUTH,
};
