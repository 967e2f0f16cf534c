/** Values of variables that only a deployment knows: at synthesis a text stands for each, and the plan gets the value back. */
import { Stack, Token } from "aws-cdk-lib";
import type { IRole } from "aws-cdk-lib/aws-iam";
import { ViaServicePrincipal } from "aws-cdk-lib/aws-kms";
import type { ISecret, Secret } from "aws-cdk-lib/aws-secretsmanager";
import type { IParameter } from "aws-cdk-lib/aws-ssm";
import type { Construct } from "constructs";
import type { ResourcePlan } from "../resources.ts";

/**
 * A text, which may have values of other resources and stacks in it; or a secret or a parameter, of which functions get the ARN or
 * the name, for `remote.aws.secrets_manager` and `remote.aws.ssm_parameter` to read it.
 */
export type EnvironmentValue = string | Secret | ISecret | IParameter;

export class Environment {
  /** As the functions have them. */
  readonly values: Readonly<Record<string, string>>;
  /** As the configuration sees them at synthesis. */
  readonly standIns: Readonly<Record<string, string>>;
  /** Texts of a plan, and what they stand for; those that others are a part of come first. */
  readonly #known: (readonly [string, string])[] = [];
  readonly #secrets: (Secret | ISecret)[] = [];

  constructor(scope: Construct, variables: Readonly<Record<string, EnvironmentValue>>) {
    const all = Object.entries(variables).map(([name, value], i) => {
      if (typeof value === "string") return [name, value, this.#ofText(scope, value, i)] as const;
      return "secretArn" in value ? this.#ofSecret(name, value, i) : this.#ofParameter(name, value, i);
    });
    this.values = Object.fromEntries(all.map(([name, value]) => [name, value]));
    this.standIns = Object.fromEntries(all.map(([name, , standIn]) => [name, standIn]));
  }

  /** A plan for stand-ins, with the values in their places. */
  restore(plan: ResourcePlan): ResourcePlan {
    let text = JSON.stringify(plan);
    for (const [standIn, value] of this.#known)
      text = text.replaceAll(standIn, () => JSON.stringify(value).slice(1, -1));
    return JSON.parse(text) as ResourcePlan; // with other texts
  }

  /** Lets a role use the keys of secrets; that it may read those which the configuration reads is in the plan. */
  grantKeys(role: IRole): void {
    for (const { encryptionKey, stack } of this.#secrets)
      encryptionKey?.grantDecrypt(new ViaServicePrincipal(`secretsmanager.${stack.region}.amazonaws.com`, role));
  }

  /** A URL or an ARN for the time being, since components check those when they load. */
  #ofText(scope: Construct, value: string, i: number): string {
    let count = 0;
    return value.replaceAll(/\$\{Token\[[^\]]*\]\}/g, (token, offset: number) => {
      const name = `unresolved-${i}-${count++}`;
      const standIn =
        offset > 0 ? `${name}.invalid` : isArn(scope, token) ? arnOf("unresolved", name) : `https://${name}.invalid`;
      this.#known.push([standIn, token]);
      return standIn;
    });
  }

  #ofSecret(name: string, secret: Secret | ISecret, i: number) {
    this.#secrets.push(secret);
    const value = secret.secretFullArn ?? secret.secretName;
    if (!Token.isUnresolved(value)) return [name, value, value] as const;
    const standIn = arnOf("secretsmanager", `secret:unresolved-${i}-AbCdEf`);
    this.#known.push([`${standIn}-??????`, value], [standIn, value]); // it is whole
    return [name, value, standIn] as const;
  }

  #ofParameter(name: string, parameter: IParameter, i: number) {
    const { parameterName: value, parameterArn } = parameter;
    if (!Token.isUnresolved(value)) return [name, value, value] as const;
    const standIn = `/unresolved-${i}-parameter`;
    this.#known.push([
      `arn:\${AWS::Partition}:ssm:\${AWS::Region}:\${AWS::AccountId}:parameter${standIn}`,
      parameterArn,
    ]);
    this.#known.push([standIn, value]);
    return [name, value, standIn] as const;
  }
}

const arnOf = (service: string, rest: string): string => `arn:aws:${service}:us-east-1:000000000000:${rest}`;

/** Whether a value is an attribute that is an ARN. */
function isArn(scope: Construct, token: string): boolean {
  const { "Fn::GetAtt": attribute } = Object(Stack.of(scope).resolve(token)) as { "Fn::GetAtt"?: readonly string[] }; // what a token can become
  return attribute?.[1]?.endsWith("Arn") ?? false;
}
