/** A function that transforms records of Firehose: they go on as they came, and to the components. */
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { CollectorFunction, type CollectorFunctionProps } from "./collector-function.ts";

/** Firehose waits no longer. */
const longestSeconds = 300;

export class FirehoseFunction extends CollectorFunction {
  constructor(scope: Construct, id: string, props: CollectorFunctionProps) {
    super(scope, id, props);
    const seconds = props.timeout.toSeconds();
    if (seconds > longestSeconds)
      throw new Error(
        `timeout should be at most ${longestSeconds} seconds where Firehose calls a function, got ${seconds}`,
      );
  }

  /** Lets a delivery stream's role have the function transform records; Firehose names the function with its version. */
  override grantInvoke(grantee: IGrantable): Grant {
    const { functionArn } = this.function;
    const resourceArns = [functionArn, `${functionArn}:$LATEST`];
    return Grant.addToPrincipal({ grantee, actions: ["lambda:InvokeFunction"], resourceArns });
  }
}
