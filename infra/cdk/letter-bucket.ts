/** Where functions put what backends refuse for good, to be looked at and replayed from the command line. */
import { Duration, RemovalPolicy, Validations } from "aws-cdk-lib";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import type { BucketPlan, ResourcePlan } from "../resources.ts";
import type { Places } from "./places.ts";

const variable = "AMALGAM_DEAD_LETTERS";

export interface LetterBucketProps {
  readonly plan: Pick<ResourcePlan, "buckets">;
  readonly places: Places;
  /** Of the functions. */
  readonly environment: Readonly<Record<string, string>>;
  /** An existing bucket; `false`: refused data goes back to its trigger. */
  readonly bucket: Bucket | IBucket | false | undefined;
  readonly encryptionKey: IKey | undefined;
}

export class LetterBucket extends Construct {
  readonly bucket: Bucket | IBucket;
  /** What keys begin with; collectors may share a bucket. */
  readonly prefix: string;

  /** A bucket where the plan has one, unless the user chose something else. */
  static for(scope: Construct, { plan, places, environment, bucket, encryptionKey }: LetterBucketProps) {
    if (environment[variable] !== undefined && bucket !== undefined)
      throw new Error(`deadLetters should be left out where environment has ${variable}, got both`);
    const [planned] = plan.buckets;
    if (!planned) return undefined;
    if (bucket === false || environment[variable] !== undefined) {
      places.leaveOut(`objects:${planned.id}`);
      places.leaveOut(`place:${planned.id}`);
      return undefined;
    }
    const made = new LetterBucket(scope, "DeadLetters", planned, bucket, encryptionKey);
    const key = made.bucket.encryptionKey; // of an owner with a key of its own, too
    places.set(`objects:${planned.id}`, made.bucket.arnForObjects(`${made.prefix}/*`), key);
    places.set(`place:${planned.id}`, `s3://${made.bucket.bucketName}/${made.prefix}`, key);
    return made;
  }

  constructor(scope: Construct, id: string, planned: BucketPlan, bucket?: Bucket | IBucket, encryptionKey?: IKey) {
    super(scope, id);
    this.prefix = scope.node.id;
    this.bucket = bucket ?? this.#create(planned, encryptionKey);
  }

  #create({ expireAfterDays }: BucketPlan, encryptionKey: IKey | undefined): Bucket {
    const bucket = new Bucket(this, "Resource", {
      ...(encryptionKey
        ? { encryption: BucketEncryption.KMS, encryptionKey, bucketKeyEnabled: true }
        : { encryption: BucketEncryption.S3_MANAGED }),
      enforceSSL: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      lifecycleRules: [
        { expiration: Duration.days(expireAfterDays), abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    Validations.of(bucket).acknowledge({
      id: "AwsSolutions-S1",
      reason: "Only functions write to it, with a role each; a log of accesses would be larger than what it tells of",
    });
    return bucket;
  }
}
