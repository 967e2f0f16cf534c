/** A function that takes messages of Kafka, managed by AWS (MSK) or not. */
import { ArnFormat, Duration, Stack, Validations } from "aws-cdk-lib";
import type { ISecurityGroup, IVpc, SubnetSelection } from "aws-cdk-lib/aws-ec2";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import {
  type SourceAccessConfiguration,
  SourceAccessConfigurationType,
  StartingPosition,
} from "aws-cdk-lib/aws-lambda";
import { SqsDlq } from "aws-cdk-lib/aws-lambda-event-sources";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import type { KafkaConnection } from "../../lib/pipeline/graph/trigger.ts";
import { possibleTriggers } from "../resources/triggers.ts";
import { CollectorFunction, type CollectorFunctionProps } from "./collector-function.ts";
import { deadLetterQueue } from "./dead-letters.ts";

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
  readonly deadLetterQueue: IQueue;

  constructor(scope: Construct, id: string, { kafka = {}, ...props }: KafkaFunctionProps) {
    const partial = kafka.pollers && { AMALGAM_KAFKA_PARTIAL_FAILURES: "true" };
    super(scope, id, { ...props, environment: { ...props.environment, ...partial } });
    this.deadLetterQueue = deadLetterQueue(this, "DeadLetters");
    const all = possibleTriggers(props.graph, "kafka").flatMap(({ component, trigger }) =>
      trigger.kafka ? [{ component, connection: trigger.kafka }] : [],
    );
    const topics = new Map<string, { readonly component: string; readonly connection: KafkaConnection }>();
    for (const { component, connection } of all)
      for (const topic of connection.topics) topics.set(topic, topics.get(topic) ?? { component, connection });
    for (const [topic, { component, connection }] of topics) {
      if (topic.startsWith("^"))
        throw new Error(`topics of ${component} should be names, since an event source has one topic, got ${topic}`);
      const groupId = groupOf(
        connection,
        topic,
        [...topics.values()].map(each => each.connection),
      );
      this.#addTopic(topic, { ...connection, groupId }, kafka);
    }
  }

  #addTopic(topic: string, connection: KafkaConnection, props: KafkaProps): void {
    const { clusterArn, secret, pollers } = props;
    if (clusterArn === undefined) checkBrokers(connection, props);
    else this.#permitCluster(clusterArn, topic, connection);
    for (const each of [secret, props.rootCaCertificate]) each?.grantRead(this.function);
    if (clusterArn !== undefined || props.network) this.#permitNetwork();
    const access = accessOf(connection, props);
    this.function.addEventSourceMapping(`Topic ${topic}`, {
      ...(clusterArn === undefined
        ? { kafkaBootstrapServers: [...connection.brokers] }
        : { eventSourceArn: clusterArn }),
      kafkaTopic: topic,
      kafkaConsumerGroupId: connection.groupId,
      startingPosition: connection.startAt === "earliest" ? StartingPosition.TRIM_HORIZON : StartingPosition.LATEST,
      ...(access.length && { sourceAccessConfigurations: access }),
      onFailure: new SqsDlq(this.deadLetterQueue),
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
  #permitCluster(clusterArn: string, topic: string, { authentication, groupId }: KafkaConnection): void {
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

  /** The poller's way into a network. AWS knows no narrower resource for these. */
  #permitNetwork(): void {
    const actions = [
      "ec2:CreateNetworkInterface",
      "ec2:DeleteNetworkInterface",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeVpcs",
    ];
    this.function.addToRolePolicy(new PolicyStatement({ actions, resources: ["*"] }));
    if (this.function.role)
      Validations.of(this.function.role).acknowledge({
        id: "AwsSolutions-IAM5[Resource::*]",
        reason:
          "Lambda's poller makes network interfaces to reach the brokers, for which there is no narrower resource",
      });
  }
}

function checkBrokers({ authentication }: KafkaConnection, { secret, network }: KafkaProps): void {
  if (authentication === "iam") throw new Error("kafka should have clusterArn, since only MSK knows roles, got none");
  if (!secret && !network)
    throw new Error("kafka should have clusterArn, or secret or network for brokers outside of MSK, got none of them");
}

type Access = SourceAccessConfiguration[];

/** How the poller reaches brokers and shows who it is. */
function accessOf({ authentication }: KafkaConnection, { secret, rootCaCertificate, network }: KafkaProps): Access {
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

const methods: Readonly<Partial<Record<KafkaConnection["authentication"], SourceAccessConfigurationType>>> = {
  plain: SourceAccessConfigurationType.BASIC_AUTH,
  scram_256: SourceAccessConfigurationType.SASL_SCRAM_256_AUTH,
  scram_512: SourceAccessConfigurationType.SASL_SCRAM_512_AUTH,
  mtls: SourceAccessConfigurationType.CLIENT_CERTIFICATE_TLS_AUTH,
};

/** A group is of one event source, which has one topic: where several would have the same, the topic tells them apart. */
function groupOf({ groupId }: KafkaConnection, topic: string, all: readonly KafkaConnection[]): string {
  return all.filter(each => each.groupId === groupId).length > 1 ? `${groupId}-${topic}` : groupId;
}
