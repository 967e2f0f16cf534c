/** A function that takes records of Kinesis data streams. */
import { type IStream, Stream } from "aws-cdk-lib/aws-kinesis";
import type { Construct } from "constructs";
import { CollectorFunction, type CollectorFunctionProps, type PollSettings } from "./collector-function.ts";
import { connectableTo, idOf, permissionsFor } from "./connect.ts";
import { allow } from "./permissions.ts";

export interface StreamFunctionProps extends CollectorFunctionProps {
  /** Batches of a shard that are worked on at the same time, from 1 to 10; records of one partition key stay in order. */
  readonly parallelization: number | undefined;
}

export class StreamFunction extends CollectorFunction {
  readonly #parallelization: number;

  constructor(scope: Construct, id: string, props: StreamFunctionProps) {
    const { parallelization = 1 } = props;
    if (parallelization < 1 || parallelization > 10)
      throw new Error(`parallelization should be from 1 to 10, got ${parallelization}`);
    super(scope, id, "stream", props);
    this.#parallelization = parallelization;
    for (const source of this.sources)
      this.#poll(Stream.fromStreamArn(this, `Stream ${idOf(this, source.from)}`, this.resolve(source.from)), source);
  }

  /** Takes records of one more stream. */
  addStream(stream: IStream): void {
    const { eventSource, ...needs } = connectableTo(this.props.plan, "kinesis");
    const { places } = this.props;
    const name = `source:${stream.node.addr}`;
    places.set(name, stream.streamArn, stream.encryptionKey);
    allow(this.role, permissionsFor(needs, `\${${name}}`), places);
    this.#poll(stream, eventSource ?? {});
  }

  #poll(stream: IStream, settings: PollSettings): void {
    this.poll(`From ${stream.node.addr}`, stream.streamArn, settings, { parallelization: this.#parallelization });
  }
}
