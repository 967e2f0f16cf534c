/** A function that transforms records of Firehose: they go on as they came, and to the components. */
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { CollectorFunction, type CollectorFunctionProps } from "./collector-function.ts";
import { connectableTo } from "./connect.ts";

/** Firehose waits no longer. */
const longestSeconds = 300;

export class FirehoseFunction extends CollectorFunction {
  constructor(scope: Construct, id: string, props: CollectorFunctionProps) {
    super(scope, id, "firehose", props);
    const seconds = this.timeout.toSeconds();
    if (seconds > longestSeconds)
      throw new Error(
        `timeout should be at most ${longestSeconds} seconds where Firehose calls a function, got ${seconds}`,
      );
  }

  /** Lets a delivery stream's role have the function transform records. */
  override grantInvoke(grantee: IGrantable): Grant {
    const { callers } = connectableTo(this.props.plan, "firehose");
    return Grant.addToPrincipal({
      grantee,
      actions: [...new Set(callers.flatMap(({ actions }) => actions))],
      resourceArns: callers.map(({ resource }) => this.resolve(resource)),
    });
  }
}
