/**
 * Pulumi's resource monitor, as the engine serves it, within the process: it sees every request as the engine would,
 * options, dependencies and hooks included, which Pulumi's own mock monitor does not show. What a cloud would answer
 * comes from the catalogue.
 */
import type * as pulumi from "@pulumi/pulumi";
import * as provider from "@pulumi/pulumi/proto/provider_pb";
import * as protocol from "@pulumi/pulumi/proto/resource_pb";
// Of the SDK, not ours: its messages are made of these very classes.
// eslint-disable-next-line import-x/no-extraneous-dependencies
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import { messageOf } from "../src/engine/messageOf";
import { knownType } from "./catalogue";
import { supportedFeatures, supportsFeature } from "./features";
import { idOf } from "./identity";
import type { Cloud } from "./openstack/cloud";
import { lookups } from "./openstack/lookups";
import { compare, keptInputs, type PreviousRun } from "./previousRun";
import type { Callbacks } from "./pulumiRuntime";
import { hooksOf, optionsOf, urnOf } from "./registration";
import type { SimulatedInvoke, SimulatedResource } from "./simulated";
import { decodeProperties, encodeProperties, type DecodedProperties, type Properties } from "./values";

type Reply<T> = (error: Error | null, response?: T) => void;

export interface Failure {
  /** URN, token of a lookup, or "program". */
  readonly where: string;
  readonly message: string;
  /** The error itself, when the program threw it. */
  readonly error?: unknown;
}

interface MonitorOptions {
  readonly project: string;
  readonly stack: string;
  readonly preview: boolean;
  readonly seed: string;
  readonly cloud: Cloud;
  readonly previous: PreviousRun["resources"];
  /** Collects what goes wrong, in the order in which it did. */
  readonly onFailure: (failure: Failure) => void;
  /** Called with the number of resources so far, for a progress display. */
  readonly onProgress?: (resources: number) => void;
}

export class SimulatedMonitor implements Callbacks {
  public readonly resources = new Map<string, SimulatedResource>();
  public readonly invokes: SimulatedInvoke[] = [];
  public readonly hooks = new Map<string, pulumi.ResourceHook>();
  private requests = 0;
  private unanswered = 0;
  private readonly failed = new Set<string>();

  constructor(private readonly options: MonitorOptions) {}

  /** Requests so far; undefined while one is without an answer, as keys and certificates take their time. */
  public progress(): number | undefined {
    return this.unanswered > 0 ? undefined : this.requests;
  }

  public supportsFeature(
    request: protocol.SupportsFeatureRequest,
    reply: Reply<protocol.SupportsFeatureResponse>,
  ): void {
    const response = new protocol.SupportsFeatureResponse();
    response.setHassupport(supportsFeature(request.getId()));
    reply(null, response);
  }

  public getDeploymentInfo(_request: unknown, reply: Reply<protocol.DeploymentInfo>): void {
    const { project, stack, preview } = this.options;
    const response = new protocol.DeploymentInfo();
    response.setProject(project).setStack(stack).setDryrun(preview).setSupportedfeaturesList(supportedFeatures());
    reply(null, response);
  }

  public registerPackage(_request: unknown, reply: Reply<protocol.RegisterPackageResponse>): void {
    reply(null, new protocol.RegisterPackageResponse());
  }

  public invoke(request: protocol.ResourceInvokeRequest, reply: Reply<provider.InvokeResponse>): void {
    const token = request.getTok();
    const response = new provider.InvokeResponse();
    this.requests += 1;
    try {
      const lookup = Object.hasOwn(lookups, token) ? lookups[token] : undefined;
      if (lookup === undefined)
        throw new Error(`the simulation does not know the lookup ${token}: add it to simulation/openstack/lookups.ts`);
      const args = decodeProperties(javaScript(request.getArgs())).values;
      const result = lookup(args, this.options.cloud);
      this.invokes.push({ token, args, result });
      response.setReturn(struct(encodeProperties(result, new Set())));
    } catch (error) {
      this.options.onFailure({ where: token, message: messageOf(error) });
      const failure = new provider.CheckFailure();
      failure.setReason(messageOf(error));
      response.setFailuresList([failure]);
    }
    reply(null, response);
  }

  public call(request: protocol.ResourceCallRequest, reply: Reply<never>): void {
    reply(new Error(`the simulation does not know the method ${request.getTok()}`));
  }

  public readResource(request: protocol.ReadResourceRequest, reply: Reply<protocol.ReadResourceResponse>): void {
    const message = `reading the existing ${request.getType()} ${request.getId()} is not simulated: use a lookup`;
    const urn = urnOf(this.options, request);
    this.fail(urn, message);
    // The outputs stay unknown, so that the rest of the program is still looked at.
    const response = new protocol.ReadResourceResponse();
    response.setUrn(urn);
    response.setProperties(struct({}));
    reply(null, response);
  }

  public registerResource(
    request: protocol.RegisterResourceRequest,
    reply: Reply<protocol.RegisterResourceResponse>,
  ): void {
    this.requests += 1;
    this.unanswered += 1;
    void this.register(request)
      .then(
        (response) => reply(null, response),
        (error: unknown) => reply(error as Error),
      )
      .finally(() => {
        this.unanswered -= 1;
      });
  }

  public registerResourceOutputs(request: protocol.RegisterResourceOutputsRequest, reply: Reply<object>): void {
    this.requests += 1;
    const resource = this.resources.get(request.getUrn());
    if (resource !== undefined) {
      const outputs = decodeProperties(javaScript(request.getOutputs()));
      resource.outputs = outputs.values;
      resource.secretOutputs = outputs.secrets;
    }
    reply(null, {});
  }

  public signalAndWaitForShutdown(_request: unknown, reply: Reply<object>): void {
    reply(null, {});
  }

  public registerResourceHook(hook: pulumi.ResourceHook): Promise<void> {
    if (this.hooks.has(hook.name))
      return Promise.reject(new Error(`there is already a resource hook named ${hook.name}`));
    this.hooks.set(hook.name, hook);
    return Promise.resolve();
  }

  public registerErrorHook(): Promise<void> {
    return Promise.reject(new Error("error hooks are not simulated"));
  }

  public awaitStackRegistrations(): Promise<void> {
    return Promise.resolve();
  }

  public shutdown(): void {
    // Nothing runs outside this process.
  }

  private fail(urn: string, message: string): void {
    this.options.onFailure({ where: urn, message });
    this.failed.add(urn);
  }

  private async register(request: protocol.RegisterResourceRequest): Promise<protocol.RegisterResourceResponse> {
    const urn = urnOf(this.options, request);
    const wire = javaScript(request.getObject());
    const response = new protocol.RegisterResourceResponse();
    response.setUrn(urn);
    const dependencies = request.getDependenciesList();
    // As the engine does with --continue-on-error: what depends on a failure is passed over, its outputs unknown. Newer
    // SDKs have no word of its own for that.
    if (dependencies.some((dependency) => this.failed.has(dependency))) {
      this.failed.add(urn);
      response.setResult(protocol.Result.FAIL);
      response.setObject(struct({}));
      return response;
    }
    try {
      if (this.resources.has(urn))
        throw new Error(`two resources have this URN: give one of them another name or parent`);
      const inputs = decodeProperties(wire);
      const options = optionsOf(request, urn, (parent) => this.resources.get(parent));
      const kept = keptInputs(inputs.values, inputs.secrets, this.options.seed);
      const record = {
        ...options,
        ...hooksOf(request),
        inputs: inputs.values,
        secretInputs: inputs.secrets,
        kept,
        generation: 0,
        outputs: {},
        secretOutputs: [],
      };
      // Holds the place while a key or a certificate is made, so that a second resource of this URN is noticed.
      this.resources.set(urn, record);
      const created = await this.create(record, request, inputs);
      this.resources.set(urn, { ...record, ...created });
      this.options.onProgress?.(this.resources.size);
      response.setId(created.id ?? "");
      response.setObject(struct(encodeProperties(created.outputs, new Set(created.secretOutputs))));
    } catch (error) {
      this.fail(urn, messageOf(error));
      response.setResult(protocol.Result.FAIL);
      response.setObject(struct({}));
    }
    return response;
  }

  /** What comes into being, or in a preview what is known beforehand. */
  private async create(
    record: SimulatedResource,
    request: protocol.RegisterResourceRequest,
    inputs: DecodedProperties,
  ): Promise<Made> {
    const { urn, type, name, kept } = record;
    const { seed, cloud, preview } = this.options;
    const provides = record.custom && !type.startsWith("pulumi:providers:") ? knownType(type) : undefined;
    provides?.checkInputs(inputs.values);
    const before = this.options.previous[urn];
    const { effective, ...change } =
      before === undefined
        ? { effective: kept, operation: undefined }
        : compare(before.inputs, kept, record.ignoreChanges, [
            ...(provides?.replaces ?? []),
            ...record.replaceOnChanges,
          ]);
    const generation = (before?.generation ?? 0) + (change.operation === "replace" ? 1 : 0);
    const history = { kept: effective, generation, ...(change.operation === undefined ? {} : { change }) };
    const identity = generation === 0 ? urn : `${urn} replacement ${generation}`;
    const plain = { ...history, outputs: inputs.values, secretOutputs: [...inputs.secrets] };
    if (provides === undefined) return record.custom ? { ...plain, id: idOf(identity) } : plain;
    const secretOutputs = [...inputs.secrets, ...request.getAdditionalsecretoutputsList()];
    // In a preview the engine asks no cloud for what does not exist yet: its computed outputs are unknown.
    if (preview && (before === undefined || inputs.unknowns.length > 0)) return { ...plain, secretOutputs };
    // An ignored change leaves the old value in place; of a secret only the digest was kept, so the new one stands in
    // for it.
    const values = Object.fromEntries(
      Object.entries(effective).map(([input, now]) => [input, "value" in now ? now.value : inputs.values[input]]),
    );
    const previous = change.operation === "replace" ? undefined : before?.computed;
    const created = await provides.create({
      urn,
      identity,
      name,
      inputs: values,
      previous,
      unchanged: change.operation === "same",
      cloud,
      seed,
    });
    return { ...history, id: created.id ?? idOf(identity), outputs: { ...values, ...created.outputs }, secretOutputs };
  }
}

/** What `create` adds to a resource's record. */
type Made = Pick<SimulatedResource, "id" | "kept" | "generation" | "change" | "outputs" | "secretOutputs">;

function javaScript(properties: Struct | undefined): Properties {
  return properties?.toJavaScript() ?? {};
}

function struct(properties: Properties): Struct {
  return Struct.fromJavaScript(properties as Record<string, JavaScriptValue>);
}
