/** Where functions put what backends refuse for good, to be looked at and replayed from the command line. */
import { Duration, RemovalPolicy, Stack, Validations } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Function as Lambda } from "aws-cdk-lib/aws-lambda";
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import type { GraphDescription } from "../../lib/pipeline/graph/describe.ts";

const variable = "AMALGAM_DEAD_LETTERS";

export interface LetterBucketProps {
  readonly graph: GraphDescription;
  /** Of the functions. */
  readonly environment: Readonly<Record<string, string>>;
  /** An existing bucket; `false`: refused data goes back to its trigger. */
  readonly bucket: Bucket | IBucket | false | undefined;
}

export class LetterBucket extends Construct {
  readonly bucket: Bucket | IBucket;
  /** What keys begin with; collectors may share a bucket. */
  readonly prefix: string;

  /** A bucket where the graph writes to a backend, unless the user chose something else. */
  static for(scope: Construct, { graph, environment, bucket }: LetterBucketProps): LetterBucket | undefined {
    if (environment[variable] !== undefined && bucket !== undefined)
      throw new Error(`deadLetters should be left out where environment has ${variable}, got both`);
    const writes = graph.components.some(({ deadLetters = false }) => deadLetters);
    if (bucket === false || environment[variable] !== undefined || (!writes && !bucket)) return undefined;
    return new LetterBucket(scope, "DeadLetters", bucket);
  }

  constructor(scope: Construct, id: string, bucket?: Bucket | IBucket) {
    super(scope, id);
    this.prefix = scope.node.id;
    this.bucket = bucket ?? this.#create();
  }

  /** What the functions read. */
  get environment(): Readonly<Record<string, string>> {
    return { [variable]: `s3://${this.bucket.bucketName}/${this.prefix}` };
  }

  /** Lets a function write letters, and neither read nor delete them. */
  allow({ role }: Lambda): void {
    if (!role) return;
    const resource = this.bucket.arnForObjects(`${this.prefix}/*`);
    role.addToPrincipalPolicy(new PolicyStatement({ actions: ["s3:PutObject"], resources: [resource] }));
    this.bucket.encryptionKey?.grant(role, "kms:GenerateDataKey"); // of an owner with a key of its own
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${textOf(Stack.of(this).resolve(resource))}]`,
      reason:
        "A letter's key has its time and a random part; the function may put letters below its collector's prefix only",
    });
  }

  #create(): Bucket {
    const bucket = new Bucket(this, "Resource", {
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      lifecycleRules: [{ expiration: Duration.days(30), abortIncompleteMultipartUploadAfter: Duration.days(1) }],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    Validations.of(bucket).acknowledge({
      id: "AwsSolutions-S1",
      reason: "Only functions write to it, with a role each; a log of accesses would be larger than what it tells of",
    });
    return bucket;
  }
}

/** A value of a template as the rules print it: `<Bucket.Arn>/Collector/*`. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  const { "Fn::Join": join, "Fn::GetAtt": attribute, Ref: ref } = Object(value) as Template;
  if (join) return join[1].map(textOf).join(join[0]);
  return `<${attribute ? attribute.join(".") : ref}>`;
}

interface Template {
  readonly "Fn::Join"?: readonly [string, readonly unknown[]];
  readonly "Fn::GetAtt"?: readonly string[];
  readonly Ref?: string;
}
