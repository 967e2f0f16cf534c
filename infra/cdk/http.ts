/** A function with a URL, for components that take requests. */
import { Annotations, CfnOutput } from "aws-cdk-lib";
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import { type FunctionUrl, FunctionUrlAuthType } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import { possibleTriggers } from "../resources/triggers.ts";
import { CollectorFunction, type CollectorFunctionProps } from "./collector-function.ts";

/** Its URL is open only where every component behind it asks for credentials itself. */
export class HttpFunction extends CollectorFunction {
  readonly url: FunctionUrl;

  constructor(scope: Construct, id: string, props: CollectorFunctionProps) {
    super(scope, id, props);
    const triggers = possibleTriggers(props.graph, "http");
    const anyone = triggers.filter(({ trigger }) => !trigger.authenticated).map(({ component }) => component);
    if (anyone.length && anyone.length < triggers.length)
      Annotations.of(this).addWarningV2(
        "amalgam:signed-requests-only",
        `the URL takes only requests signed with AWS credentials, since ${anyone.join(", ")} would take any: components with credentials of their own can't see them beside the signature`,
      );
    const authType = anyone.length ? FunctionUrlAuthType.AWS_IAM : FunctionUrlAuthType.NONE;
    this.url = this.function.addFunctionUrl({ authType });
    const paths = triggers.flatMap(({ trigger }) => trigger.paths).join(", ");
    new CfnOutput(this, "Url", { value: this.url.url, description: `Takes ${paths}` });
  }

  /** Lets a caller send signed requests to the URL. AWS asks for both actions, the second only through a URL. */
  override grantInvoke(grantee: IGrantable): Grant {
    const resourceArns = [this.function.functionArn];
    const authType = { "lambda:FunctionUrlAuthType": this.url.authType };
    return Grant.addToPrincipal({
      grantee,
      actions: ["lambda:InvokeFunctionUrl"],
      resourceArns,
      conditions: { StringEquals: authType },
    }).combine(
      Grant.addToPrincipal({
        grantee,
        actions: ["lambda:InvokeFunction"],
        resourceArns,
        conditions: { Bool: { "lambda:InvokedViaFunctionUrl": "true" } },
      }),
    );
  }
}
